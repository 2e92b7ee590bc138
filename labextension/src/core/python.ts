/** A Python literal of a text: JSON's is one, but for signs that only JavaScript's strings may hold. */
export function python(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
