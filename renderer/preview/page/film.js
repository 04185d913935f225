// The film: any frame on demand, and a draft that plays. What is shown at rest is always a composed frame.

import { passing, post, raw } from "./api.js";
import { clock, h, icon, set } from "./dom.js";
import { Pane } from "./panes.js";

const PLAY = "M5 3v10l8-5z";
const PAUSE = "M5 3v10M11 3v10";

export class FilmPane extends Pane {
  constructor(root, { onFrame }) {
    super(root, "Film");
    this.onFrame = onFrame;
    this.film = null;
    this.view = null;
    this.frame = 0;
    this.wanted = null;
    this.loading = false;
    this.playing = false;
    this.draftOf = null;
    this.encoding = null;
    this.build();
  }

  build() {
    this.image = h("img", { class: "frame", alt: "" });
    this.video = h("video", { class: "draft", playsinline: true, hidden: true, "aria-label": "Draft of the film" });
    this.video.addEventListener("pause", () => this.stopped());
    this.video.addEventListener("ended", () => this.stopped());
    this.badge = h("span", { class: "badge", hidden: true }, "Draft");
    this.screen = h("div", { class: "film-screen" }, this.image, this.video, this.badge);
    this.caption = h("p", { class: "caption", dir: "auto" });
    this.playIcon = icon(PLAY, { class: "solid" });
    this.playLabel = h("span", {}, "Play draft");
    this.play = h("button", { type: "button", class: "play", title: "Space", on: { click: () => this.toggle() } }, this.playIcon, this.playLabel);
    this.number = h("input", { class: "number", inputmode: "numeric", "aria-label": "Frame number", title: "Frame number" });
    this.number.addEventListener("change", () => this.seek(Number.parseInt(this.number.value, 10) || 0));
    this.of = h("span", { class: "of" });
    this.time = h("span", { class: "time" });
    this.where = h("span", { class: "where" });
    this.facts = h("span", { class: "readout", title: "Time to compose this frame, and the digest of the composed frame" });
    const button = (label, path, title, act) =>
      h("button", { type: "button", class: "icon", title, "aria-label": label, on: { click: act } }, icon(path));
    this.transport = h(
      "div",
      { class: "transport" },
      this.play,
      h(
        "div",
        { class: "joined" },
        button("Previous scene", "M11 3 6 8l5 5M4 3v10", "Previous scene  ,", () => this.scene(-1)),
        button("Back one frame", "m10 3-5 5 5 5", "Back one frame  ←", () => this.seek(this.frame - 1)),
        button("Forward one frame", "m6 3 5 5-5 5", "Forward one frame  →", () => this.seek(this.frame + 1)),
        button("Next scene", "m5 3 5 5-5 5M12 3v10", "Next scene  .", () => this.scene(1)),
      ),
      h("span", { class: "counter" }, this.number, this.of),
      this.time,
      this.where,
      this.facts,
    );
    this.range = h("input", { type: "range", min: 0, max: 0, step: 1, value: 0, class: "range", "aria-label": "Frame" });
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    this.scenes = h("div", { class: "scenes" });
    this.captions = h("div", { class: "captions" });
    this.marks = h("div", { class: "marks" });
    this.head = h("div", { class: "playhead" });
    this.timeline = h("div", { class: "timeline", dir: "ltr" }, this.scenes, this.captions, this.marks, this.head, this.range);
    this.fits = h("div", { class: "fits", hidden: true });
    this.body.append(this.screen, this.caption, this.transport, this.timeline, this.fits);
    this.still = h("a", { class: "button plain", title: "This frame as a PNG, exactly as composed" }, "PNG");
    this.actions.append(this.still);
  }

  /** A new film; the frame stays where it is, as far as the film has it. */
  async show(view, film, frame) {
    this.stop();
    this.sound();
    this.view = view;
    this.film = film;
    this.encoding = null;
    this.showPlay();
    this.note.textContent = `${film.width} × ${film.height}, ${clock(film.frames, film.fps, true)}`;
    this.screen.style.setProperty("--ratio", `${film.width} / ${film.height}`);
    this.screen.style.setProperty("--wide", film.width / film.height);
    set(this.range, { max: film.frames - 1 });
    this.of.textContent = `/ ${film.frames - 1}`;
    const part = (value) => `${(100 * value) / film.frames}%`;
    this.scenes.replaceChildren(
      ...film.scenes.map((scene, index) => {
        const next = film.scenes[index + 1];
        const end = next ? next.first : scene.first + scene.frames;
        return h(
          "span",
          {
            class: "scene",
            title: `${scene.id}: ${scene.title}`,
            "data-scene": scene.id,
            style: { left: part(scene.first), width: part(end - scene.first), "--overlap": part(scene.overlap) },
          },
          h("b", { dir: "auto" }, scene.title),
        );
      }),
    );
    this.captions.replaceChildren(
      ...film.captions.map((one) => h("span", { title: one.text, style: { left: part(one.first), width: part(one.end - one.first) } })),
    );
    this.marks.replaceChildren(...film.fits.map((fit) => h("span", { style: { left: part(fit.frame) } })));
    this.fits.hidden = film.fits.length === 0;
    this.fits.replaceChildren(
      ...film.fits.map((fit) =>
        h(
          "button",
          { type: "button", class: "fit", title: "Show it", on: { click: () => this.seek(fit.frame) } },
          h("b", {}, fit.change),
          h("span", {}, `${fit.scene}, layer ${fit.layer}`),
        ),
      ),
    );
    await this.seek(Math.min(frame, film.frames - 1), true);
  }

  none() {
    this.stop();
    this.film = null;
    this.view = null;
  }

  get visible() {
    return this.root.offsetParent !== null && this.film !== null;
  }

  sceneAt(number) {
    return [...this.film.scenes].reverse().find((scene) => scene.first <= number) ?? this.film.scenes[0];
  }

  scene(step) {
    if (!this.film) return;
    const firsts = this.film.scenes.map((scene) => scene.first + scene.overlap);
    const at = firsts.findLastIndex((first) => first <= this.frame);
    const target = step > 0 ? firsts[at + 1] : this.frame > (firsts[at] ?? 0) + 12 ? firsts[at] : firsts[at - 1];
    if (target !== undefined) this.seek(target);
    else if (step < 0) this.seek(0);
  }

  async seek(number, force = false) {
    if (!this.film) return;
    const frame = Math.min(Math.max(0, number), this.film.frames - 1);
    if (this.playing) {
      this.video.currentTime = this.seconds(frame);
      return;
    }
    if (frame === this.frame && !force && this.wanted === null) {
      this.point(frame);
      return;
    }
    this.point(frame);
    this.wanted = frame;
    if (!this.loading || force) await this.fetch();
  }

  seconds(frame) {
    return (frame * this.film.fps[1]) / this.film.fps[0] + 0.001;
  }

  /** Frames one after another; of those asked for meanwhile only the last. */
  async fetch() {
    const view = this.view;
    this.loading = true;
    try {
      while (this.wanted !== null && view === this.view) {
        const number = this.wanted;
        this.wanted = null;
        const began = performance.now();
        const response = await raw(`view/${view}/frame/${number}`);
        const address = URL.createObjectURL(await response.blob());
        if (view !== this.view) return;
        const old = this.image.src;
        this.image.src = address;
        await this.image.decode();
        if (old) URL.revokeObjectURL(old);
        this.video.hidden = true;
        this.badge.hidden = true;
        const composed = /dur=([\d.]+)/.exec(response.headers.get("server-timing") ?? "")?.[1] ?? "0";
        const digest = response.headers.get("x-frame-digest") ?? "";
        this.facts.textContent = `${Math.round(performance.now() - began)} ms (${Math.round(Number(composed))} composing)  ${digest.slice(0, 8)}`;
        this.screen.dataset.frame = number;
        this.screen.dataset.digest = digest;
        this.image.alt = `Frame ${number}, scene ${this.sceneAt(number).id}`;
        this.sound();
      }
    } catch (error) {
      if (!passing(error) && view === this.view) this.broken(error.list ?? []);
    } finally {
      if (view === this.view) this.loading = false;
    }
  }

  /** Everything that tells where we are, but the picture. */
  point(frame) {
    this.frame = frame;
    const { film } = this;
    const scene = this.sceneAt(frame);
    this.range.value = frame;
    const caption = film.captions.find((one) => one.first <= frame && frame < one.end);
    this.range.setAttribute("aria-valuetext", `Frame ${frame}, ${clock(frame, film.fps, true)}, scene ${scene.id}`);
    if (document.activeElement !== this.number) this.number.value = frame;
    this.time.textContent = clock(frame, film.fps, true);
    this.where.textContent = scene.id;
    this.caption.textContent = caption?.text ?? "";
    this.head.style.setProperty("left", `${(100 * frame) / Math.max(1, film.frames - 1)}%`);
    for (const block of this.scenes.children) block.classList.toggle("on", block.dataset.scene === scene.id);
    this.still.href = `api/view/${this.view}/frame/${frame}?exact=1`;
    this.onFrame(frame);
  }

  // ---------------------------------------------------------------- the draft

  async toggle() {
    if (!this.film) return;
    if (this.playing) return void this.video.pause();
    if (this.encoding) return;
    if (this.draftOf !== this.view) {
      const view = this.view;
      this.encoding = { done: 0, total: this.film.frames };
      this.showPlay();
      try {
        await post(`view/${view}/draft`);
      } catch (error) {
        if (view === this.view) {
          this.encoding = null;
          this.showPlay();
          if (!passing(error)) this.broken(error.list ?? []);
        }
        return;
      }
      if (view !== this.view) return;
      this.encoding = null;
      this.draftOf = view;
      this.video.src = `api/view/${view}/draft.mp4`;
    }
    this.video.currentTime = this.frame >= this.film.frames - 2 ? 0 : this.seconds(this.frame);
    this.playing = true;
    this.showPlay();
    try {
      await this.video.play();
      this.video.hidden = false;
      this.badge.hidden = false;
      this.follow();
    } catch {
      this.playing = false;
      this.showPlay();
    }
  }

  progress(event) {
    if (event.view !== this.view || !this.encoding) return;
    this.encoding = event;
    this.showPlay();
  }

  follow() {
    if (!this.playing) return;
    const { fps, frames } = this.film;
    this.point(Math.min(frames - 1, Math.floor((this.video.currentTime * fps[0]) / fps[1] + 0.01)));
    requestAnimationFrame(() => this.follow());
  }

  stopped() {
    if (!this.playing) return;
    this.playing = false;
    this.showPlay();
    if (this.film) this.seek(this.frame, true);
  }

  stop() {
    if (this.playing) {
      this.playing = false;
      this.video.pause();
    }
    this.video.hidden = true;
    this.badge.hidden = true;
    this.showPlay();
  }

  showPlay() {
    const share = this.encoding ? Math.round((100 * this.encoding.done) / this.encoding.total) : 0;
    this.playIcon.firstChild.setAttribute("d", this.playing ? PAUSE : PLAY);
    this.playIcon.setAttribute("class", this.playing ? "" : "solid");
    this.playLabel.textContent = this.playing ? "Pause" : this.encoding ? `Encoding ${share} %` : "Play draft";
    this.play.style.setProperty("--share", `${this.encoding ? share : 0}%`);
    this.play.toggleAttribute("data-encoding", Boolean(this.encoding));
  }
}
