// One photo of the list: its small picture, how far it is, and its buttons.

const THUMBNAIL_PX = 96;
const MOVING = new Set(["queued", "sending", "waiting"]);
const ENDED = new Set(["done", "known"]);

function sizeOf(bytes, language) {
  const [amount, unit, digits] = bytes < 104858 ? [bytes / 1024, "kB", 0] : [bytes / 1048576, "MB", 1];
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return `${format.format(amount)} ${unit}`;
}

let lastDrawn = Promise.resolve(); // one after the other: each decodes a whole photo

async function draw(canvas, file) {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: THUMBNAIL_PX, resizeQuality: "low" });
    const side = Math.min(bitmap.width, bitmap.height);
    canvas.width = canvas.height = side;
    canvas.getContext("2d").drawImage(bitmap, (side - bitmap.width) / 2, (side - bitmap.height) / 2);
    bitmap.close();
    canvas.hidden = false;
  } catch {
    // a kind that this browser does not show, as HEIC
  }
}

export class Row {
  constructor(template, photo, texts, act) {
    this.photo = photo;
    this.texts = texts;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.find = (name) => this.element.querySelector(`[data-${name}]`);
    this.find("name").textContent = photo.name;
    this.find("size").textContent = sizeOf(photo.file.size, document.documentElement.lang);
    for (const button of this.element.querySelectorAll("[data-act]")) {
      button.setAttribute("aria-label", `${button.textContent.trim()}: ${photo.name}`);
      button.addEventListener("click", () => act(button.dataset.act, photo));
    }
    const canvas = this.find("thumbnail");
    lastDrawn = lastDrawn.then(() => draw(canvas, photo.file));
    this.update();
  }

  update() {
    const { photo, texts } = this;
    const isWrong = photo.state === "bad" || photo.state === "refused";
    const told = isWrong ? photo.error || texts.faults[photo.fault] : texts.states[photo.state];
    const isKnown = photo.state === "ready" && photo.isKnown;
    this.element.dataset.state = photo.state;
    this.find("state").textContent = isKnown ? texts.is_known : told;
    this.find("state").classList.toggle("is-wrong", isWrong);
    const shown = {
      pause: MOVING.has(photo.state),
      resume: photo.state === "paused" || photo.state === "waiting" || photo.state === "refused",
      remove: !ENDED.has(photo.state),
    };
    for (const [name, isShown] of Object.entries(shown)) this.element.querySelector(`[data-act=${name}]`).hidden = !isShown;
    this.find("progress").hidden = !MOVING.has(photo.state) && photo.state !== "paused";
    this.progress();
  }

  progress() {
    this.find("progress").value = Math.round((100 * this.photo.sent) / this.photo.file.size);
  }
}
