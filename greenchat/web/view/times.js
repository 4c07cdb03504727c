// Times in the format of the browser's language.

const hourMinute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const withSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Return hour and minute only, where room is short. */
export const shortClock = (time) =>
  hourMinute
    .formatToParts(time)
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
export const clock = (time, seconds = false) => (seconds ? withSeconds : hourMinute).format(time);
export const exact = (time) => fullFormat.format(time);
export const brief = (time) => short.format(time);

/** Return a number that is the same for all times of a day. */
export function dayNumber(time) {
  const date = new Date(time);
  return date.getFullYear() * 512 + date.getMonth() * 32 + date.getDate();
}

export function dayName(time, now = Date.now()) {
  if (dayNumber(time) === dayNumber(now)) return "Today";
  if (dayNumber(time) === dayNumber(now - 86_400_000)) return "Yesterday";
  return (new Date(time).getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(time);
}

/** Return a duration in its largest unit: "5 minutes", "3 hours". */
export function duration(seconds) {
  for (const [size, name] of [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ]) {
    const count = Math.floor(seconds / size);
    if (count) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${seconds} second${seconds === 1 ? "" : "s"}`;
}
