// What can be said of a file before a byte of it is sent. The server decides; this spares a phone sending in vain.

const SIGNATURE_BYTES = 64;
const BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]);

const ascii = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

function isPhoto(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return true; // JPEG
  if (ascii(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return true;
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return true;
  if (ascii(bytes, 4, 8) !== "ftyp") return false;
  for (let at = 8; at + 4 <= bytes.length; at += 4) if (at !== 12 && BRANDS.has(ascii(bytes, at, at + 4))) return true;
  return false;
}

// Whether the browser can still read a file: it may have been moved or changed since it was chosen.
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// The code of what is wrong with a file, or "". Rejects if the file cannot be read (any more).
export async function faultOf(file, maxBytes) {
  if (file.size === 0) return "empty";
  if (file.size > maxBytes) return "tooLarge";
  const bytes = new Uint8Array(await file.slice(0, SIGNATURE_BYTES).arrayBuffer());
  return isPhoto(bytes) ? "" : "noPhoto";
}
