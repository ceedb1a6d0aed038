package io.registryetcd.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts one direction of a connection into HTTP/2 frames; anything else passes as it comes.
 *
 * <p>The client's side begins with the connection preface, the server's with a SETTINGS frame. TLS,
 * HTTP/1 and other protocols do not look like either.
 */
final class FrameSplitter {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final boolean fromClient;
  private byte[] pending = new byte[0];
  private Mode mode = Mode.UNDECIDED;

  FrameSplitter(boolean fromClient) {
    this.fromClient = fromClient;
  }

  /** The pieces that are complete now, in order. */
  List<Piece> split(byte[] buffer, int length) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(pending);
    all.write(buffer, 0, length);
    pending = all.toByteArray();
    List<Piece> pieces = new ArrayList<>();
    if (mode == Mode.UNDECIDED) {
      decide(pieces);
    }
    if (mode == Mode.FRAMES) {
      for (int size = frameSize(); size <= pending.length; size = frameSize()) {
        pieces.add(new Piece(take(size), true));
      }
    } else if (mode == Mode.BYTES && pending.length > 0) {
      pieces.add(new Piece(take(pending.length), false));
    }
    return pieces;
  }

  /** What is left at the end of the stream: an incomplete frame. */
  byte[] rest() {
    return take(pending.length);
  }

  private void decide(List<Piece> pieces) {
    if (fromClient) {
      int compared = Math.min(PREFACE.length, pending.length);
      if (!Arrays.equals(pending, 0, compared, PREFACE, 0, compared)) {
        mode = Mode.BYTES;
      } else if (compared == PREFACE.length) {
        mode = Mode.FRAMES;
        pieces.add(new Piece(take(PREFACE.length), false));
      }
    } else if (!mayBeSettings()) {
      mode = Mode.BYTES;
    } else if (pending.length >= Http2Frame.HEADER_LENGTH) {
      mode = Mode.FRAMES;
    }
  }

  /** A SETTINGS frame is short, of type 4, and on stream 0. */
  private boolean mayBeSettings() {
    int[] expected = {0, -1, -1, Http2Frame.SETTINGS, 0, 0, 0, 0, 0};
    for (int i = 0; i < Math.min(expected.length, pending.length); i++) {
      if (expected[i] >= 0 && pending[i] != expected[i]) {
        return false;
      }
    }
    return true;
  }

  private int frameSize() {
    if (pending.length < Http2Frame.HEADER_LENGTH) {
      return Integer.MAX_VALUE;
    }
    int payload = ((pending[0] & 0xff) << 16) | ((pending[1] & 0xff) << 8) | (pending[2] & 0xff);
    return Http2Frame.HEADER_LENGTH + payload;
  }

  private byte[] take(int size) {
    byte[] taken = Arrays.copyOf(pending, size);
    pending = Arrays.copyOfRange(pending, size, pending.length);
    return taken;
  }

  private enum Mode {
    UNDECIDED,
    FRAMES,
    BYTES
  }

  /** Bytes to forward at once; a whole frame, or something else. */
  static final class Piece {
    private final byte[] bytes;
    private final boolean frame;

    Piece(byte[] bytes, boolean frame) {
      this.bytes = bytes;
      this.frame = frame;
    }

    byte[] bytes() {
      return bytes;
    }

    boolean isFrame() {
      return frame;
    }
  }
}
