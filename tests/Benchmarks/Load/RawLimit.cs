using System.Diagnostics;
using System.Net.Http.Headers;

namespace Benchmarks.Load;

/// <summary>
/// What a bare <see cref="HttpClient"/> reaches at the same receiver, with the same bodies and as many requests at once as the app may
/// have.
/// </summary>
internal static class RawLimit
{
    public const int Concurrency = 256;

    public static async Task<double> Measure(ReceiverProcess receiver, int requests, byte[] payload, Progress progress)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
            }
        );
        await receiver.Expect(requests);
        var started = Stopwatch.GetTimestamp();
        var left = requests;
        await Task.WhenAll(
            Enumerable
                .Range(0, Concurrency)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (Interlocked.Decrement(ref left) >= 0)
                        {
                            using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Count)
                            {
                                Content = new ByteArrayContent(payload),
                            };
                            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-the-load-test");
                            using var response = await http.SendAsync(request);
                            response.EnsureSuccessStatusCode();
                        }
                    })
                )
        );
        return requests / Stopwatch.GetElapsedTime(started, await receiver.Complete(progress)).TotalSeconds;
    }
}
