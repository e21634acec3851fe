// What is to be done again and again while somebody looks. In a hidden tab it rests; what fell due meanwhile is done
// once when the tab is seen again.

export function whileVisible(action: () => void, everyMs: number): () => void {
  let isDue = false;
  const timer = setInterval(() => {
    if (document.hidden) isDue = true;
    else action();
  }, everyMs);
  const seen = () => {
    if (document.hidden || !isDue) return;
    isDue = false;
    action();
  };
  document.addEventListener('visibilitychange', seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
