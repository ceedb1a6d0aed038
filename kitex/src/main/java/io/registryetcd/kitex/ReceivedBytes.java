package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.registryetcd.kitex.wire.MalformedMessageException;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageDecoder;
import org.jspecify.annotations.Nullable;

/** What a connection has received and nobody has taken yet. */
final class ReceivedBytes {

  private final MessageDecoder decoder;
  private ByteBuf bytes = Unpooled.EMPTY_BUFFER;

  ReceivedBytes(int maxFrameBytes) {
    decoder = new MessageDecoder(maxFrameBytes);
  }

  /** Adds bytes, which are released by this. */
  void add(ByteBuf more, ByteBufAllocator allocator) {
    bytes.discardSomeReadBytes(); // the cumulator drops them only where nothing is left
    bytes = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, bytes, more);
  }

  /** Takes the next message, null if it is not complete. */
  @Nullable Message next() throws MalformedMessageException {
    Message message = decoder.decode(bytes);
    if (isEmpty()) {
      release();
    }
    return message;
  }

  int size() {
    return bytes.readableBytes();
  }

  boolean isEmpty() {
    return !bytes.isReadable();
  }

  void release() {
    bytes.release();
    bytes = Unpooled.EMPTY_BUFFER;
  }
}
