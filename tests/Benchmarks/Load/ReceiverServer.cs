using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Benchmarks.Load;

/// <summary>
/// The receiver, in a process of its own (the verb <c>receiver</c>), doing as little as a receiver can. <c>POST /count</c> counts,
/// <c>POST /time</c> also keeps when each id came, <c>POST /hang</c> responds only when the client gives up.
/// </summary>
internal sealed class ReceiverServer
{
    public const string ReadyPrefix = "Receiver on ";

    private readonly ConcurrentDictionary<string, long> _times = new(StringComparer.Ordinal);
    private Round _round = new(0);

    public static async Task Run()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var server = builder.Build();
        server.Run(new ReceiverServer().Handle);
        await server.StartAsync();
        Console.WriteLine(
            ReadyPrefix + server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
        );
        await server.WaitForShutdownAsync();
    }

    private async Task Handle(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/count":
                await Drain(context.Request);
                Volatile.Read(ref _round).Count();
                break;
            case "/time":
                _times.TryAdd(context.Request.Headers["webhook-id"].ToString(), Stopwatch.GetTimestamp());
                await Drain(context.Request);
                Volatile.Read(ref _round).Count();
                break;
            case "/hang":
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "/expect":
                _times.Clear();
                Volatile.Write(ref _round, new Round(int.Parse(context.Request.Query["count"].ToString(), CultureInfo.InvariantCulture)));
                break;
            case "/wait":
                var round = Volatile.Read(ref _round);
                await round.Complete.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync(round.LastAt.ToString(CultureInfo.InvariantCulture));
                break;
            case "/seen":
                await context.Response.WriteAsync(Volatile.Read(ref _round).Seen.ToString(CultureInfo.InvariantCulture));
                break;
            case "/times":
                await context.Response.WriteAsync(
                    string.Join('\n', _times.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")))
                );
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private static async Task Drain(HttpRequest request)
    {
        for (var ended = false; !ended; )
        {
            var read = await request.BodyReader.ReadAsync();
            request.BodyReader.AdvanceTo(read.Buffer.End);
            ended = read.IsCompleted;
        }
    }

    /// <summary>Counts up to a number, and remembers when it was reached.</summary>
    private sealed class Round(int expected)
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _seen;

        public Task Complete => _complete.Task;

        public int Seen => Volatile.Read(ref _seen);

        public long LastAt { get; private set; }

        public void Count()
        {
            if (Interlocked.Increment(ref _seen) == expected)
            {
                LastAt = Stopwatch.GetTimestamp();
                _complete.SetResult();
            }
        }
    }
}
