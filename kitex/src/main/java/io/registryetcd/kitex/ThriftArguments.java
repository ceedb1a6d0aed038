package io.registryetcd.kitex;

import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TProtocolException;
import org.apache.thrift.transport.TTransport;

/** A call being read, which knows whether it was read to its end. */
final class ThriftArguments extends TBinaryProtocol {

  private static final long serialVersionUID = 1;

  private boolean read;

  ThriftArguments(TTransport message) {
    super(message);
  }

  @Override
  public void readMessageEnd() throws TException {
    int left = getTransport().getBytesRemainingInBuffer();
    if (left > 0) {
      throw new TProtocolException(
          TProtocolException.INVALID_DATA, left + " bytes of the message cannot be read");
    }
    read = true;
  }

  boolean areRead() {
    return read;
  }
}
