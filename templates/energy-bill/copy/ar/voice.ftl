# ما يقوله الصوت حيث لا يقرأ تعليقات film.ftl: جمل قصيرة للأذن.

film-tell-due = آخر موعد للدفع { $due_day }.
film-tell-debit = سيُخصم من حسابكم في { $debit_day }.
film-tell-usage-up = بلغ استهلاككم { $usage_kwh }، بزيادة { $usage_change_abs } عن العام الماضي.
film-tell-usage-down = بلغ استهلاككم { $usage_kwh }، بانخفاض { $usage_change_abs } عن العام الماضي.
film-tell-usage-steady = بلغ استهلاككم { $usage_kwh }، وهو قريب من العام الماضي.
film-tell-neighbours-above = وهذا أعلى من المنازل المشابهة بنسبة { $neighbour_gap_abs }.
film-tell-neighbours-below = وهذا أقل من المنازل المشابهة بنسبة { $neighbour_gap_abs }.
film-tell-why-up = المبلغ أعلى بمقدار { $bill_change_abs } من الفاتورة السابقة. وإليكم السبب.
film-tell-why-down = المبلغ أقل بمقدار { $bill_change_abs } من الفاتورة السابقة. وإليكم السبب.
film-tell-offer-note = هذا تقدير بحسب استهلاككم.
film-tell-thanks = شكرًا لكم، وإلى الشهر القادم.
