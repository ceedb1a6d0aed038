namespace go api

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
