package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.Arrays;
import java.util.List;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TSet;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where a buffered message ends. */
class ValueScannerTest {

  private static final int LIMIT = 16 * 1024 * 1024;

  /** Writes a struct's fields. */
  interface Fields {
    void write(TProtocol out) throws TException;
  }

  static List<Fields> structs() {
    return List.of(
        out -> {},
        ValueScannerTest::writeNumbers,
        out -> field(out, TType.STRING, () -> out.writeString("")),
        out -> field(out, TType.STRING, () -> out.writeString("hello")),
        out -> field(out, TType.STRUCT, () -> out.writeFieldStop()),
        out -> field(out, TType.LIST, () -> out.writeListBegin(new TList(TType.STOP, 0))),
        out -> field(out, TType.MAP, () -> out.writeMapBegin(new TMap(TType.STOP, TType.STOP, 0))),
        ValueScannerTest::writeListOfNumbers,
        ValueScannerTest::writeListOfStrings,
        ValueScannerTest::writeSetOfLists,
        ValueScannerTest::writeMapOfStringToNumber,
        ValueScannerTest::writeMapOfNumberToStruct,
        ValueScannerTest::writeMapOfNumbers);
  }

  private static void writeNumbers(TProtocol out) throws TException {
    field(out, TType.BOOL, () -> out.writeBool(true));
    field(out, TType.BYTE, () -> out.writeByte((byte) 12));
    field(out, TType.I16, () -> out.writeI16((short) 12));
    field(out, TType.I32, () -> out.writeI32(12));
    field(out, TType.I64, () -> out.writeI64(12));
    field(out, TType.DOUBLE, () -> out.writeDouble(12));
  }

  private static void writeListOfNumbers(TProtocol out) throws TException {
    field(
        out,
        TType.LIST,
        () -> {
          out.writeListBegin(new TList(TType.I64, 3));
          for (int i = 0; i < 3; i++) {
            out.writeI64(i);
          }
        });
  }

  private static void writeListOfStrings(TProtocol out) throws TException {
    field(
        out,
        TType.LIST,
        () -> {
          out.writeListBegin(new TList(TType.STRING, 3));
          for (int i = 0; i < 3; i++) {
            out.writeString("a".repeat(i));
          }
        });
  }

  private static void writeSetOfLists(TProtocol out) throws TException {
    field(
        out,
        TType.SET,
        () -> {
          out.writeSetBegin(new TSet(TType.LIST, 2));
          out.writeListBegin(new TList(TType.BOOL, 1));
          out.writeBool(true);
          out.writeListBegin(new TList(TType.STRUCT, 1));
          out.writeFieldStop();
        });
  }

  private static void writeMapOfStringToNumber(TProtocol out) throws TException {
    field(
        out,
        TType.MAP,
        () -> {
          out.writeMapBegin(new TMap(TType.STRING, TType.I32, 2));
          for (int i = 0; i < 2; i++) {
            out.writeString("key");
            out.writeI32(i);
          }
        });
  }

  private static void writeMapOfNumberToStruct(TProtocol out) throws TException {
    field(
        out,
        TType.MAP,
        () -> {
          out.writeMapBegin(new TMap(TType.I16, TType.STRUCT, 2));
          for (int i = 0; i < 2; i++) {
            out.writeI16((short) i);
            field(out, TType.STRING, () -> out.writeString("value"));
            out.writeFieldStop();
          }
        });
  }

  private static void writeMapOfNumbers(TProtocol out) throws TException {
    field(
        out,
        TType.MAP,
        () -> {
          out.writeMapBegin(new TMap(TType.BYTE, TType.DOUBLE, 2));
          for (int i = 0; i < 2; i++) {
            out.writeByte((byte) i);
            out.writeDouble(i);
          }
        });
  }

  /** Writes a value. */
  private interface Value {
    void write() throws TException;
  }

  private static void field(TProtocol out, byte type, Value value) throws TException {
    out.writeFieldBegin(new TField("", type, (short) 1));
    value.write();
  }

  private static byte[] struct(Fields fields) throws TException {
    var bytes = new TMemoryBuffer(32);
    var out = new TBinaryProtocol(bytes);
    fields.write(out);
    out.writeFieldStop();
    return Arrays.copyOf(bytes.getArray(), bytes.length());
  }

  @ParameterizedTest
  @MethodSource("structs")
  void theEndOfWhatThriftWritesIsFoundWhereverItIsCut(Fields fields) throws Exception {
    byte[] struct = struct(fields);
    for (int at = 0; at <= struct.length; at++) {
      ByteBuf in = Unpooled.buffer().writeLong(0).writeBytes(struct, 0, at);
      var scanner = new ValueScanner(ValueScanner.STRUCT, LIMIT);
      assertThat(scanner.scan(in, Long.BYTES)).isEqualTo(at == struct.length);
      in.writeBytes(struct, at, struct.length - at).writeLong(0);
      assertThat(scanner.scan(in, Long.BYTES)).isTrue();
      assertThat(scanner.length()).isEqualTo(struct.length);
    }
  }

  @ParameterizedTest
  @MethodSource("structs")
  void itFitsALimitOfItsSizeAndNoOther(Fields fields) throws Exception {
    byte[] struct = struct(fields);
    ByteBuf in = Unpooled.wrappedBuffer(struct);
    assertThat(new ValueScanner(ValueScanner.STRUCT, struct.length).scan(in, 0)).isTrue();
    var smaller = new ValueScanner(ValueScanner.STRUCT, struct.length - 1);
    assertThatThrownBy(() -> smaller.scan(in, 0))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageEndingWith(", up to maxFrameBytes)");
  }

  @Test
  void aUuidHas16Bytes() throws MalformedMessageException {
    ByteBuf in =
        Unpooled.buffer().writeByte(16).writeShort(1).writeLong(-1).writeLong(-1).writeByte(0);
    var scanner = new ValueScanner(ValueScanner.STRUCT, LIMIT);
    assertThat(scanner.scan(in, 0)).isTrue();
    assertThat(scanner.length()).isEqualTo(20);
  }

  @Test
  void aValueNeedNotBeAStruct() throws MalformedMessageException {
    var scanner = new ValueScanner(TType.I32, LIMIT);
    ByteBuf in = Unpooled.buffer().writeZero(3);
    assertThat(scanner.scan(in, 0)).isFalse();
    assertThat(scanner.scan(in.writeByte(0), 0)).isTrue();
    assertThat(scanner.length()).isEqualTo(4);
  }

  @Test
  void structsNestTo64() throws MalformedMessageException {
    assertThat(new ValueScanner(ValueScanner.STRUCT, LIMIT).scan(nested(64), 0)).isTrue();
    var scanner = new ValueScanner(ValueScanner.STRUCT, LIMIT);
    assertThatThrownBy(() -> scanner.scan(nested(65), 0))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessage("payload: nested more than 64 deep (expected: at most 64)");
  }

  private static ByteBuf nested(int depth) {
    ByteBuf out = Unpooled.buffer();
    for (int level = 1; level < depth; level++) {
      out.writeByte(TType.STRUCT).writeShort(1);
    }
    return out.writeZero(depth);
  }

  @Test
  void listsNestTo63InAStruct() throws MalformedMessageException {
    ByteBuf in = Unpooled.buffer().writeByte(TType.LIST).writeShort(1);
    for (int level = 0; level < 64; level++) {
      in.writeByte(TType.LIST).writeInt(1);
    }
    var scanner = new ValueScanner(ValueScanner.STRUCT, LIMIT);
    assertThatThrownBy(() -> scanner.scan(in, 0))
        .hasMessage("payload: nested more than 64 deep (expected: at most 64)");
  }

  static List<Fields> largeStructs() {
    int bytes = LIMIT - 1024;
    return List.of(
        out -> field(out, TType.STRING, () -> out.writeString("x".repeat(bytes))),
        out -> large(out, TType.BOOL, bytes, () -> out.writeByte((byte) 1)),
        out -> large(out, TType.STRUCT, bytes, () -> out.writeFieldStop()),
        out -> large(out, TType.STRING, bytes / 4, () -> out.writeString("")),
        out -> {
          for (int i = 0; i < bytes / 5; i++) {
            field(out, TType.I16, () -> out.writeI16((short) 1));
          }
        });
  }

  private static void large(TProtocol out, byte type, int size, Value element) throws TException {
    field(
        out,
        TType.LIST,
        () -> {
          out.writeListBegin(new TList(type, size));
          for (int i = 0; i < size; i++) {
            element.write();
          }
        });
  }

  @ParameterizedTest
  @MethodSource("largeStructs")
  void a16MiBMessageInPiecesOf1KiBIsLookedAtOnce(Fields fields) throws Exception {
    byte[] bytes = bufferedMessage(fields);
    var in = new CountingBuf(bytes.length);
    var decoder = new MessageDecoder(LIMIT);
    Message message = null;
    int pieces = 0;
    for (int from = 0; from < bytes.length; from += 1024) {
      assertThat(message).isNull();
      in.writeBytes(bytes, from, Math.min(1024, bytes.length - from));
      message = decoder.decode(in);
      pieces++;
    }
    assertThat(message).extracting(Message::payload).isEqualTo(bytes);
    assertThat(in.lookedAt).isLessThan(bytes.length + pieces * 64L);
  }

  private static byte[] bufferedMessage(Fields fields) throws TException {
    var bytes = new TMemoryBuffer(LIMIT);
    var out = new TBinaryProtocol(bytes);
    out.writeMessageBegin(new TMessage("echo", TMessageType.CALL, 1));
    fields.write(out);
    out.writeFieldStop();
    return Arrays.copyOf(bytes.getArray(), bytes.length());
  }

  /** Counts the bytes that are read one by one or as numbers, not those copied at the end. */
  private static final class CountingBuf extends UnpooledHeapByteBuf {

    long lookedAt;

    CountingBuf(int capacity) {
      super(UnpooledByteBufAllocator.DEFAULT, capacity, capacity);
    }

    @Override
    protected byte _getByte(int index) {
      lookedAt++;
      return super._getByte(index);
    }

    @Override
    protected short _getShort(int index) {
      lookedAt += Short.BYTES;
      return super._getShort(index);
    }

    @Override
    protected int _getInt(int index) {
      lookedAt += Integer.BYTES;
      return super._getInt(index);
    }
  }
}
