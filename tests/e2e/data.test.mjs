// The visitor's own samples: any data set that the command line reads is usable in the page.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { deflateSync, gunzipSync } from 'node:zlib';

import { badge, file, modelField, notices, npy, onPage, sampleField, settled } from './harness.mjs';

const data = (name) => readFile(new URL(`../../assets/datasets/${name}`, import.meta.url));

/** The bytes of an IDX file behind its header. */
const stored = async (name, axes) => gunzipSync(await data(name)).subarray(4 + 4 * axes);

const digits = async () => ({
  images: await stored('digits-test-images.idx3-ubyte.gz', 3),
  labels: await stored('digits-test-labels.idx1-ubyte.gz', 1),
});

/** The checksum of zip and PNG. */
function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** A zip without compression. */
function zip(files) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const [name, bytes] of files) {
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(bytes.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04'), about, Buffer.from(name), bytes);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), about, place, Buffer.from(name));
    offset += 30 + name.length + bytes.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, index, Buffer.from('PK\x05\x06'), end]);
}

/** A grey PNG image. */
function png(width, pixels) {
  const height = pixels.length / width;
  const chunk = (kind, bytes) => {
    const body = Buffer.concat([Buffer.from(kind), bytes]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Array.from({ length: height }, (_, y) => [Buffer.from([0]), pixels.subarray(y * width, (y + 1) * width)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Opens a file of samples and waits until all are counted. */
async function upload(page, name, bytes) {
  await sampleField(page).setInputFiles(file(name, bytes));
  await page.locator('.own-data', { hasText: name }).waitFor();
  await settled(page);
}

onPage('own samples', { timeout: 400_000 }, (on) => {
  on('come from a table with labels, and go again', '?model=digits-mlp', async (page) => {
    const { images, labels } = await digits();
    const rows = Array.from({ length: 100 }, (_, i) => [labels[i], ...images.subarray(i * 64, (i + 1) * 64)].join(','));
    const names = ['label', ...Array.from({ length: 64 }, (_, i) => `pixel${i}`)].join(',');
    await upload(page, 'table.csv', Buffer.from([names, ...rows].join('\n')));
    assert.match(await badge(page), /codes equal, 100 of 100[\s\S]*accuracy/);
    assert.match(await page.locator('.own-data').innerText(), /table\.csv, divided by 16/);
    assert.match(await page.locator('.walk-caption').innerText(), /0 of 100, an? \d$/);
    await page.getByRole('button', { name: 'Shipped' }).click();
    await page.locator('.own-data').waitFor({ state: 'detached' });
    await settled(page);
    assert.match(await badge(page), /codes equal, 360 of 360/);
  });

  on('come from an IDX file, and their labels from another', '', async (page) => {
    await upload(page, 'images.idx3-ubyte.gz', await data('mnist-test-images.idx3-ubyte.gz'));
    assert.match(await badge(page), /codes equal, 1\s000 of 1\s000/);
    assert.doesNotMatch(await badge(page), /accuracy/);
    await sampleField(page).setInputFiles(file('labels.idx1-ubyte.gz', await data('mnist-test-labels.idx1-ubyte.gz')));
    await page.waitForFunction(() => /accuracy 98\.5/.test(document.querySelector('.badge').innerText));
  });

  on('come from an archive of arrays', '?model=digits-mlp', async (page) => {
    const { images, labels } = await digits();
    const archive = zip([
      ['x.npy', npy('|u1', '(50, 8, 8)', images.subarray(0, 50 * 64))],
      ['y.npy', npy('|u1', '(50,)', labels.subarray(0, 50))],
    ]);
    await upload(page, 'digits.npz', archive);
    assert.match(await badge(page), /codes equal, 50 of 50[\s\S]*accuracy/);
  });

  on('come from a zip of pictures', '', async (page) => {
    const images = await stored('mnist-test-images.idx3-ubyte.gz', 3);
    const pictures = Array.from({ length: 12 }, (_, i) => [`${i}.png`, png(28, images.subarray(i * 784, (i + 1) * 784))]);
    await upload(page, 'pictures.zip', zip(pictures));
    assert.match(await badge(page), /codes equal, 12 of 12/);
    assert.match(await page.locator('.own-data').innerText(), /divided by 255/);
  });

  on('that do not fit or are broken are refused in a sentence, and the old ones stay', '', async (page) => {
    await sampleField(page).setInputFiles(file('narrow.csv', Buffer.from('1,2,3\n4,5,6\n')));
    await notices(page).getByText("narrow.csv can't be used").waitFor();
    assert.match(await notices(page).innerText(), /takes \[1, 28, 28\]/);
    await sampleField(page).setInputFiles(file('broken.npz', Buffer.from('PK\x03\x04 no archive')));
    await notices(page).getByText("broken.npz can't be used").waitFor();
    await settled(page);
    assert.match(await badge(page), /codes equal, 1\s000 of 1\s000/);
  });

  on('whose labels are of other classes are used without them, and this is said', '?model=digits-mlp', async (page) => {
    const { images } = await digits();
    const row = (i) => [i ? 'cat' : 'dog', ...images.subarray(i * 64, (i + 1) * 64)].join(',');
    const names = ['label', ...Array.from({ length: 64 }, (_, i) => `pixel${i}`)].join(',');
    await upload(page, 'pets.csv', Buffer.from([names, row(0), row(1)].join('\n')));
    await notices(page).getByText(/2 classes are named, but the model tells 10 apart/).waitFor();
    assert.match(await badge(page), /codes equal, 2 of 2/);
  });
});

onPage('own models', { timeout: 120_000 }, (on) => {
  on('may be TensorFlow Lite ones', '', async (page) => {
    const model = await readFile(new URL('../corpus-tflite/conv-relu/model.tflite', import.meta.url));
    await modelField(page).setInputFiles(file('mine.tflite', model));
    await page.waitForFunction(() => /for this sample/.test(document.querySelector('.badge').innerText));
    assert.match(await badge(page), /codes equal for this sample/);
  });
});
