// The hello service of the examples. The Java in generated/ was made from it by Apache Thrift 0.17.0:
//   thrift --gen java:generated_annotations=suppress,private_members -out examples/src/thrift/generated \
//     examples/src/thrift/hello.thrift
// What 0.17.0 generates compiles with libthrift 0.17.0 to 0.20.0.

namespace go api
namespace java io.registryetcd.examples.api

struct Request {
  1: string message
}

struct Response {
  1: string message
}

exception Refused {
  1: i32 code
  2: string reason
}

service Hello {
  Response echo(1: Request req)
  Response strict(1: Request req) throws (1: Refused refused)
  oneway void fire(1: Request req)
}
