package io.registryetcd.layout;

/**
 * Refuses what Gson's reader takes although it is not JSON (RFC 8259), and what is nested too
 * deeply.
 *
 * <p>The reader that parses afterwards does the rest; this only closes its gaps, which are the same
 * in all its versions: a byte order mark, literals in upper case, raw control characters in
 * strings, and an escaped apostrophe or line end.
 */
final class StrictJson {

  static final int MAX_DEPTH = 8;

  private final String text;
  private int position;
  private int depth;

  private StrictJson(String text) {
    this.text = text;
  }

  static void check(String text) throws MalformedInstanceException {
    new StrictJson(text).check();
  }

  private void check() throws MalformedInstanceException {
    while (position < text.length()) {
      char c = text.charAt(position);
      switch (c) {
        case '"' -> skipString();
        case '{', '[' -> open();
        case '}', ']' -> depth--;
        default -> checkOutside(c);
      }
      position++;
    }
  }

  private void open() throws MalformedInstanceException {
    if (++depth > MAX_DEPTH) {
      throw new MalformedInstanceException(
          "JSON: nested more than " + MAX_DEPTH + " deep (expected: at most " + MAX_DEPTH + ")");
    }
  }

  private void checkOutside(char c) throws MalformedInstanceException {
    boolean exponent = c == 'E' && position > 0 && Character.isDigit(text.charAt(position - 1));
    if (c >= 0x7f || (c >= 'A' && c <= 'Z' && !exponent)) {
      throw unexpected();
    }
  }

  /** From the opening quote to the closing one; a string without an end is left to the reader. */
  private void skipString() throws MalformedInstanceException {
    position++;
    while (position < text.length() && text.charAt(position) != '"') {
      if (text.charAt(position) < ' ') {
        throw unexpected();
      }
      if (text.charAt(position) == '\\') {
        position++;
        checkEscape();
      }
      position++;
    }
  }

  private void checkEscape() throws MalformedInstanceException {
    if (position < text.length() && "\"\\/bfnrtu".indexOf(text.charAt(position)) < 0) {
      throw unexpected();
    }
    if (position < text.length() && text.charAt(position) == 'u') {
      for (int digit = 0; digit < 4 && ++position < text.length(); digit++) {
        if (Character.digit(text.charAt(position), 16) < 0 || text.charAt(position) > 'f') {
          throw unexpected();
        }
      }
    }
  }

  private MalformedInstanceException unexpected() {
    return new MalformedInstanceException(
        "JSON: unexpected "
            + Text.quote(text.substring(position, position + 1))
            + " at character "
            + position
            + " (expected: strict JSON)");
  }
}
