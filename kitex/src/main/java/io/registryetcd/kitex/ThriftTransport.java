package io.registryetcd.kitex;

import java.io.ByteArrayOutputStream;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;

/** The memory that a generated client writes its request to and reads the reply from. */
final class ThriftTransport extends TTransport {

  /** What happens to a request that is complete. */
  @FunctionalInterface
  interface Sender {
    void send(byte[] request) throws TTransportException;
  }

  private final TConfiguration configuration = new TConfiguration();
  private final ByteArrayOutputStream request = new ByteArrayOutputStream();
  private final Sender sender;
  private byte[] reply = new byte[0];
  private int position;

  ThriftTransport(Sender sender) {
    this.sender = sender;
  }

  /** Forgets what was written of a request that failed before it was complete. */
  void beginRequest() {
    request.reset();
  }

  /** What is read from now on. */
  void reply(byte[] bytes) {
    reply = bytes;
    position = 0;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void open() {}

  @Override
  public void close() {}

  @Override
  public void write(byte[] bytes, int offset, int length) {
    request.write(bytes, offset, length);
  }

  @Override
  public void flush() throws TTransportException {
    byte[] complete = request.toByteArray();
    request.reset();
    sender.send(complete);
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    int read = Math.min(length, getBytesRemainingInBuffer());
    System.arraycopy(reply, position, bytes, offset, read);
    position += read;
    return read;
  }

  // what libthrift reads small values from without a copy

  @Override
  public byte[] getBuffer() {
    return reply;
  }

  @Override
  public int getBufferPosition() {
    return position;
  }

  @Override
  public int getBytesRemainingInBuffer() {
    return reply.length - position;
  }

  @Override
  public void consumeBuffer(int length) {
    position += length;
  }

  // sizes: the whole reply is here, so it is the limit

  @Override
  public TConfiguration getConfiguration() {
    return configuration;
  }

  @Override
  public void updateKnownMessageSize(long size) {}

  @Override
  public void checkReadBytesAvailable(long bytes) throws TTransportException {
    if (bytes > getBytesRemainingInBuffer()) {
      throw new TTransportException(
          TTransportException.END_OF_FILE,
          "reply: ends "
              + (bytes - getBytesRemainingInBuffer())
              + " bytes too early (expected: a whole result)");
    }
  }
}
