package io.registryetcd.testkit;

import io.registryetcd.testkit.FaultProxy.Direction;
import java.io.IOException;
import java.net.Socket;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection through a {@link FaultProxy}: two sockets, and a thread per direction.
 */
final class ProxyConnection {
  private static final int BUFFER = 64 * 1024;

  private final FaultProxy proxy;
  private final int number;
  private final Socket client;
  private final Socket target;
  private final Set<Direction> ended = EnumSet.noneOf(Direction.class);
  private final Set<Direction> dead = EnumSet.noneOf(Direction.class);
  private boolean endHidden;
  private boolean passed;
  private volatile boolean open = true;
  private volatile byte @Nullable [] head;

  ProxyConnection(FaultProxy proxy, int number, Socket client, Socket target) {
    this.proxy = proxy;
    this.number = number;
    this.client = client;
    this.target = target;
  }

  void start() {
    for (Direction direction : Direction.values()) {
      proxy.thread("connection-" + number + "-" + direction, () -> pump(direction)).start();
    }
  }

  boolean isOpen() {
    return open;
  }

  /** The first bytes that the client sent; null until then. */
  byte @Nullable [] head() {
    return head;
  }

  /** From now on nothing gets through in this direction, and never will again. */
  synchronized void kill(Direction direction) {
    dead.add(direction);
    passed = false;
  }

  /** Tells the receiver that the sender is done. */
  void halfClose(Direction direction) {
    kill(direction);
    try {
      sink(direction).shutdownOutput();
    } catch (IOException e) {
      close();
    }
  }

  /**
   * The faults are over: an end that was hidden from one side while bytes were dropped is shown,
   * and so is one that comes later.
   */
  void pass() {
    synchronized (this) {
      passed = true;
      if (!endHidden) {
        return;
      }
    }
    close();
  }

  synchronized boolean isEndHidden() {
    return endHidden;
  }

  void reset() {
    try {
      client.setSoLinger(true, 0);
      target.setSoLinger(true, 0);
    } catch (IOException e) {
      // closed already
    }
    close();
  }

  void close() {
    open = false;
    closeQuietly(client);
    closeQuietly(target);
    proxy.ended(this);
  }

  private static void finish(Socket socket) {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      // ended already
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // it is of no use any more
    }
  }

  private void pump(Direction direction) {
    FrameSplitter splitter = new FrameSplitter(direction == Direction.TO_TARGET);
    byte[] buffer = new byte[BUFFER];
    try {
      int length = source(direction).getInputStream().read(buffer);
      while (length >= 0 && open) {
        proxy.line(direction).awaitDelay(this::isOpen);
        for (FrameSplitter.Piece piece : splitter.split(buffer, length)) {
          forward(direction, piece);
        }
        length = source(direction).getInputStream().read(buffer);
      }
      forward(direction, new FrameSplitter.Piece(splitter.rest(), false));
      end(direction);
    } catch (IOException e) {
      fail(direction);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
    } catch (RuntimeException e) {
      // a test's predicate failed: let the test see a dead connection, not a silent one
      proxy.failed(e);
      reset();
    }
  }

  private void forward(Direction direction, FrameSplitter.Piece piece)
      throws IOException, InterruptedException {
    ProxyLine line = proxy.line(direction);
    line.awaitFlow(this::isOpen);
    if (!open || piece.bytes().length == 0) {
      return;
    }
    if (isDropped(direction)) {
      line.countLost(piece.bytes().length);
      return;
    }
    if (direction == Direction.TO_TARGET && head == null) {
      head = piece.bytes();
      proxy.headSeen(this);
      if (isDropped(direction)) {
        return;
      }
    }
    FrameRule.Verdict verdict =
        piece.isFrame()
            ? proxy.judge(direction, new Http2Frame(number, piece.bytes()))
            : FrameRule.Verdict.PASS;
    if (verdict == FrameRule.Verdict.CUT_BEFORE) {
      cut();
      return;
    }
    ProxyLine.Grant grant = line.grant(piece.bytes().length);
    // counted first, so that whoever received a byte finds it counted
    line.count(grant.bytes());
    sink(direction).getOutputStream().write(piece.bytes(), 0, grant.bytes());
    if (grant.cut() || verdict == FrameRule.Verdict.CUT_AFTER) {
      cut();
    }
  }

  /** A dropped byte is lost, so nothing after it may pass: the direction is dead from then on. */
  private synchronized boolean isDropped(Direction direction) {
    if (proxy.line(direction).isDropping()) {
      dead.add(direction);
    }
    return dead.contains(direction);
  }

  /** FIN to both, after what was written; a reset would not be exact. */
  private void cut() {
    proxy.cutDone();
    open = false;
    finish(client);
    finish(target);
    close();
  }

  private void end(Direction direction) throws IOException, InterruptedException {
    proxy.line(direction).awaitFlow(this::isOpen);
    boolean over;
    synchronized (this) {
      if (hidesEnd(direction)) {
        endHidden = true;
        return;
      }
      ended.add(direction);
      over = ended.size() == Direction.values().length || dead.contains(direction);
    }
    if (over) {
      close();
    } else if (open) {
      sink(direction).shutdownOutput();
    }
  }

  /** A side reset its connection: the other sees that too, unless it must not see anything. */
  private void fail(Direction direction) {
    synchronized (this) {
      if (open && hidesEnd(direction)) {
        endHidden = true;
        return;
      }
    }
    if (open) {
      reset();
    }
  }

  /** Whether the receiver must not see this end: bytes before it were lost, and still are. */
  private synchronized boolean hidesEnd(Direction direction) {
    return isDropped(direction) && (!passed || proxy.line(direction).isDropping());
  }

  private Socket source(Direction direction) {
    return direction == Direction.TO_TARGET ? client : target;
  }

  private Socket sink(Direction direction) {
    return direction == Direction.TO_TARGET ? target : client;
  }
}
