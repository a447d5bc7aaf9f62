// The camera, for a photo as a sample. Loaded when somebody wants one; pictures never leave the browser.

/** Shows what the camera sees. Throws an error whose message is the reason in one word if it can't. */
export async function start(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error('insecure');
  const wanted = { audio: false, video: { facingMode: 'environment', width: { ideal: 640 } } };
  const reasons = { NotAllowedError: 'refused', SecurityError: 'refused', NotFoundError: 'none', OverconstrainedError: 'none' };
  const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error) => {
    throw new Error(reasons[error.name] ?? 'busy');
  });
  // The dialog may have been closed while the browser asked.
  if (!video.isConnected) return stopAll(stream);
  video.srcObject = stream;
  await video.play();
}

/** Switches the camera off. */
export function stop(video) {
  stopAll(video.srcObject);
  video.srcObject = null;
}

/** The middle of what the camera sees, as RGBA bytes of this size. */
export function snap(video, width, height) {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(videoWidth / width, videoHeight / height);
  const [wide, high] = [width * scale, height * scale];
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(video, (videoWidth - wide) / 2, (videoHeight - high) / 2, wide, high, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function stopAll(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
