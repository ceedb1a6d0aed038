package io.registryetcd.kitex;

import java.util.Optional;
import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;

/**
 * A processor written by hand, for methods with one argument and one result, each a struct of one
 * string.
 */
final class TextProcessor implements TProcessor {

  /** What the methods do. */
  @FunctionalInterface
  interface Methods {

    /** Empty from a oneway method. */
    Optional<String> call(String method, String text) throws TException;
  }

  private final Methods methods;

  TextProcessor(Methods methods) {
    this.methods = methods;
  }

  /** A service Hello that answers {@code <id>|<message>} to any method. */
  static ThriftService hello(String id) {
    return hello((method, text) -> Optional.of(id + "|" + text));
  }

  /** A service Hello with these methods. */
  static ThriftService hello(Methods methods) {
    return ThriftService.of("Hello", new TextProcessor(methods));
  }

  @Override
  public void process(TProtocol in, TProtocol out) throws TException {
    TMessage call = in.readMessageBegin();
    String text = readText(in);
    in.readMessageEnd();
    Optional<String> result = methods.call(call.name, text);
    if (result.isPresent()) {
      out.writeMessageBegin(new TMessage(call.name, TMessageType.REPLY, call.seqid));
      writeResult(out, result.get());
      out.writeMessageEnd();
    }
  }

  /** The last string in a struct. */
  private static String readText(TProtocol in) throws TException {
    String text = "";
    in.readStructBegin();
    for (TField field = in.readFieldBegin();
        field.type != TType.STOP;
        field = in.readFieldBegin()) {
      switch (field.type) {
        case TType.STRUCT -> text = readText(in);
        case TType.STRING -> text = in.readString();
        default -> TProtocolUtil.skip(in, field.type);
      }
      in.readFieldEnd();
    }
    in.readStructEnd();
    return text;
  }

  private static void writeResult(TProtocol out, String text) throws TException {
    out.writeStructBegin(new TStruct("result"));
    out.writeFieldBegin(new TField("success", TType.STRUCT, (short) 0));
    out.writeStructBegin(new TStruct("Response"));
    out.writeFieldBegin(new TField("message", TType.STRING, (short) 1));
    out.writeString(text);
    out.writeFieldEnd();
    out.writeFieldStop();
    out.writeStructEnd();
    out.writeFieldEnd();
    out.writeFieldStop();
    out.writeStructEnd();
  }
}
