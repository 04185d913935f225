"""What the file says about itself: PDF/A-3a and PDF/UA-1 at once, the title, the sender, and nothing of the recipient.

WeasyPrint writes one standard at a time, so the mark of PDF/UA is added to the metadata of PDF/A, with the description
of its schema that PDF/A asks for (ISO 19005-3, 6.6.2.3.3). No dates: the same plan gives the same bytes on any day.
"""

from __future__ import annotations

from typing import Any, Final

from renderer.units import digest

VARIANT: Final = "pdf/a-3a"
_END: Final = b"</rdf:RDF>"
_UA: Final = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the file conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""


def describe(metadata: Any, *, title: str, author: str, language: str) -> None:
    """Replace what WeasyPrint gathered from the layout's ``<title>`` and ``<meta>`` by what a statement may say."""
    metadata.title, metadata.authors, metadata.lang = title, [author], language
    metadata.description = metadata.generator = metadata.created = metadata.modified = None
    metadata.keywords, metadata.custom, metadata.xmp_metadata = [], {}, []
    written = metadata.generate_rdf_metadata

    def with_accessibility(variant: str, version: int, conformance: str | None) -> bytes:
        rdf: bytes = written(variant, version, conformance)
        head, end, tail = rdf.rpartition(_END)
        return head + _UA + end + tail

    metadata.generate_rdf_metadata = with_accessibility


def archivable(pdf: Any) -> None:
    """Undo what WeasyPrint writes and PDF/A forbids: smoothed scaling of images (ISO 19005-3, 6.2.8)."""
    for part in pdf.objects:
        extra = getattr(part, "extra", None)
        if extra and extra.get("Subtype") == "/Image" and "Interpolate" in extra:
            extra["Interpolate"] = "false"


def identifier(plan_digest: str) -> bytes:
    """The file identifier (ISO 32000-1, 14.4): 16 bytes as hex that follow from the plan alone."""
    return digest(f"statement:{plan_digest}".encode())[:32].encode()
