using System.Net;
using LocalHost.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests.Triggers;

public sealed class HttpTriggerTests : IAsyncLifetime
{
    private int _seen;
    private TestHost _host = null!;

    public async Task InitializeAsync() =>
        _host = await TestHost.StartAsync<Functions>(builder =>
            builder.Use(next =>
                context =>
                {
                    Interlocked.Increment(ref _seen);
                    return next(context);
                }
            )
        );

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/numbers/x")]
    [InlineData("GET", "/items/1/2")]
    public async Task Request_without_a_function_returns_an_empty_404_before_any_middleware(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var response = await _host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.Empty(response.Content.Headers.Allow);
        Assert.Equal(0, _seen);
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task Request_with_another_method_returns_405_before_any_middleware(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/items/1");

        var response = await _host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "PUT"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(0, _seen);
    }

    [Theory]
    [InlineData("GET", "/items/1", "GetItem 1")]
    [InlineData("GET", "/items/1/", "GetItem 1")]
    [InlineData("GET", "/ITEMS/a%20b", "GetItem a b")]
    [InlineData("PUT", "/items/1", "PutItem 1")]
    [InlineData("GET", "/numbers/-12", "Number -12")]
    [InlineData("PATCH", "/any", "Any")]
    [InlineData("GET", "/NamedByItself", "NamedByItself")]
    [InlineData("GET", "/pages", "Page 1")]
    [InlineData("GET", "/optional", "Optional ")]
    [InlineData("GET", "/files/a/b/c.css", "Files a/b/c.css")]
    public async Task Request_reaches_the_function_of_its_route_and_method(string method, string path, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var response = await _host.Client.SendAsync(request);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Request_is_handled_by_the_first_function_by_name_when_several_match() =>
        Assert.Equal("ACatchAll", await _host.Client.GetStringAsync("clash/exact"));

    [Fact]
    public async Task Route_prefix_of_host_json_precedes_every_route()
    {
        await using var host = await TestHost.StartAsync<Functions>(setup: new Setup { HostJson = "{}" });

        Assert.Equal("GetItem 1", await host.Client.GetStringAsync("api/items/1"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("items/1")).StatusCode);
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("failing-result")]
    public async Task Failure_is_an_empty_500(string path)
    {
        var response = await _host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.False(response.Headers.Contains("X-Before"));
        Assert.Single(_host.Logs.Errors);
    }

    [Fact]
    public async Task Failure_in_the_middle_of_a_response_aborts_the_connection() =>
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _host.Client.GetAsync("fail-late"));

    [Fact]
    public async Task Response_does_not_name_the_server()
    {
        var response = await _host.Client.GetAsync("items/1");

        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Function_that_returns_nothing_results_in_a_200()
    {
        var response = await _host.Client.GetAsync("nothing");

        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Function_reads_the_body_while_it_is_sent()
    {
        using var content = new ArrivingBody();

        var response = await _host.Client.PostAsync("body", content);

        Assert.Equal("3", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Function_is_cancelled_when_the_client_disconnects()
    {
        using var gone = new CancellationTokenSource();
        var request = _host.Client.GetAsync("wait", gone.Token);
        await Functions.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await gone.CancelAsync();

        await Functions.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    public sealed class Functions
    {
        // Each is used by one test.
        internal static readonly TaskCompletionSource<byte> FirstByte = new(TaskCreationOptions.RunContinuationsAsynchronously);
        internal static readonly TaskCompletionSource Waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        internal static readonly TaskCompletionSource Cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("GetItem")]
        public IResult GetItem([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id}")] HttpRequest request, string id) =>
            Results.Text($"GetItem {id}");

        [Function("PutItem")]
        public IResult PutItem(
            [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "items/{name}")] HttpRequest request,
            string name
        ) => Results.Text($"PutItem {name}");

        [Function("Number")]
        public IResult Number(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "numbers/{value:int}")] HttpRequest request,
            string value
        ) => Results.Text($"Number {value}");

        [Function("Any")]
        public Task<IResult> Any([HttpTrigger(AuthorizationLevel.Anonymous, Route = "any")] HttpRequest request) =>
            Task.FromResult(Results.Text("Any"));

        [Function("NamedByItself")]
        public IResult NamedByItself([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
            Results.Text("NamedByItself");

        [Function("Page")]
        public IResult Page(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "pages/{number=1}")] HttpRequest request,
            string number
        ) => Results.Text($"Page {number}");

        [Function("Optional")]
        public IResult Optional(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "optional/{name?}")] HttpRequest request,
            string? name
        ) => Results.Text($"Optional {name}");

        [Function("Files")]
        public IResult Files(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "files/{*path}")] HttpRequest request,
            string path
        ) => Results.Text($"Files {path}");

        [Function("ZExact")]
        public IResult Exact([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "clash/exact")] HttpRequest request) =>
            Results.Text("ZExact");

        [Function("ACatchAll")]
        public IResult CatchAll([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "clash/{*rest}")] HttpRequest request) =>
            Results.Text("ACatchAll");

        [Function("Fail")]
        public async Task<IResult> Fail([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "fail")] HttpRequest request)
        {
            request.HttpContext.Response.Headers["X-Before"] = "1";
            await Task.Yield();
            throw new InvalidOperationException("on purpose");
        }

        [Function("FailingResult")]
        public IResult FailingResult([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "failing-result")] HttpRequest request) =>
            new Failing();

        [Function("FailLate")]
        public async Task FailLate([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "fail-late")] HttpRequest request)
        {
            request.HttpContext.Response.ContentLength = 100;
            await request.HttpContext.Response.WriteAsync("some");
            await request.HttpContext.Response.Body.FlushAsync();
            throw new InvalidOperationException("on purpose");
        }

        [Function("Nothing")]
        public void Nothing([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "nothing")] HttpRequest request) { }

        [Function("Body")]
        public async Task<IResult> Body([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "body")] HttpRequest request)
        {
            var buffer = new byte[1];
            var length = 0;
            while (await request.Body.ReadAsync(buffer) is > 0 and var read)
            {
                FirstByte.TrySetResult(buffer[0]);
                length += read;
            }

            return Results.Text($"{length}");
        }

        [Function("Wait")]
        public async Task<IResult> Wait(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait")] HttpRequest request,
            CancellationToken cancellationToken
        )
        {
            Waiting.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                Cancelled.TrySetResult();
            }

            return Results.Ok();
        }

        private sealed class Failing : IResult
        {
            public Task ExecuteAsync(HttpContext httpContext) => throw new InvalidOperationException("on purpose");
        }
    }

    /// <summary>Sends its second part when the function has read the first.</summary>
    private sealed class ArrivingBody : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("a"u8.ToArray());
            await stream.FlushAsync();
            Assert.Equal((byte)'a', await Functions.FirstByte.Task.WaitAsync(TimeSpan.FromSeconds(20)));
            await stream.WriteAsync("bc"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
