/** Two short notes, made here: a file would need the site's permission. */
export function chime() {
  const audio = new AudioContext();
  if (audio.state === "suspended") return void audio.close(); // nobody has touched the page yet
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.setValueAtTime(660, 0);
  tone.frequency.setValueAtTime(880, audio.currentTime + 0.1);
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.onended = () => audio.close();
  tone.start();
  tone.stop(audio.currentTime + 0.4);
}
