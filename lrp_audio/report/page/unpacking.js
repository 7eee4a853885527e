"use strict";
/* Pieces of data are gzip in base64: they are unpacked when they are first needed. */

async function unpacked(piece) {
  const packed = Uint8Array.from(atob(piece), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/* Everything of a view that is drawn, from the clip's data. */
async function pictureOf(data, view) {
  const levels = data.levels[view.domain];
  const [relevance, samples, decibels] = await Promise.all([
    unpacked(view.relevance),
    unpacked(data.original),
    levels ? unpacked(levels) : null,
  ]);
  return {
    ...view,
    rate: data.rate,
    relevance: Float64Array.from(new Int16Array(relevance), (r) => (r * view.scale) / 32767),
    samples: new Int16Array(samples),
    levels: decibels && new Uint8Array(decibels),
  };
}

/* A WAV file of 16-bit mono samples. */
function wav(samples, rate) {
  const head = new DataView(new ArrayBuffer(44));
  const text = (at, letters) => [...letters].forEach((l, i) => head.setUint8(at + i, l.charCodeAt(0)));
  text(0, "RIFF");
  head.setUint32(4, 36 + samples.byteLength, true);
  text(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  text(36, "data");
  head.setUint32(40, samples.byteLength, true);
  return new Blob([head, samples], { type: "audio/wav" });
}
