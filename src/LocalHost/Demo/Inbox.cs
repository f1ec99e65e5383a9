using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Demo;

/// <summary>A receiver that remembers its last requests and responds as it is told. Thread-safe.</summary>
internal sealed class Inbox(TimeProvider time)
{
    /// <summary>How many requests are remembered.</summary>
    public const int Capacity = 100;

    /// <summary>The duration of a slow response.</summary>
    public static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(5);

    private const string Bearer = "Bearer ";
    private const int TokenEnd = 4;
    private const int MaxEvents = 10_000;

    // Shown as text, never as markup; so it may be readable.
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock _lock = new();
    private readonly LinkedList<Arrival> _newestFirst = new();
    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);
    private InboxAnswer _answer;
    private long _total;

    /// <summary>The secret and the token of the subscription, once they are known.</summary>
    public (string SigningSecret, string Token)? Credentials { get; set; }

    /// <summary>How to respond from now on.</summary>
    public InboxAnswer Answer
    {
        get
        {
            lock (_lock)
            {
                return _answer;
            }
        }
        set
        {
            lock (_lock)
            {
                _answer = value;
            }
        }
    }

    /// <summary>Receives a request, and returns the status to respond with after the chosen delay.</summary>
    public async Task<int> TakeAsync(IHeaderDictionary headers, byte[] body, CancellationToken cancellationToken)
    {
        var answer = Answer;
        var status = answer == InboxAnswer.Error ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
        Add(Read(headers, body, status), headers["webhook-id"].ToString());
        if (answer == InboxAnswer.Slow)
        {
            await Task.Delay(SlowAnswer, time, cancellationToken);
        }

        return status;
    }

    /// <summary>The requests after an arrival, newest first; 0 for all that are remembered.</summary>
    public InboxState Since(long number)
    {
        lock (_lock)
        {
            return new InboxState(_answer, _total, [.. _newestFirst.TakeWhile(arrival => arrival.Number > number)]);
        }
    }

    private Arrival Read(IHeaderDictionary headers, byte[] body, int status)
    {
        var now = time.GetUtcNow();
        var token = headers.Authorization.ToString();
        return new Arrival
        {
            Number = 0,
            At = now,
            Headers =
            [
                .. headers.Select(header => new ArrivalHeader(
                    header.Key,
                    header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? Masked(token) : header.Value.ToString()
                )),
            ],
            Body = Readable(body),
            SignatureProblem = Credentials is not { } known
                ? "The secret is not known yet."
                : SignatureCheck.ProblemOf(
                    known.SigningSecret,
                    headers["webhook-id"].ToString(),
                    headers["webhook-timestamp"].ToString(),
                    headers["webhook-signature"].ToString(),
                    body,
                    now
                ),
            IsTokenRight =
                Credentials is { Token: var expected }
                && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(Bearer + expected)),
            Answered = status,
        };
    }

    private void Add(Arrival arrival, string eventId)
    {
        lock (_lock)
        {
            if (_times.Count >= MaxEvents)
            {
                _times.Clear();
            }

            _times[eventId] = _times.GetValueOrDefault(eventId) + 1;
            _newestFirst.AddFirst(arrival with { Number = ++_total, Time = _times[eventId] });
            if (_newestFirst.Count > Capacity)
            {
                _newestFirst.RemoveLast();
            }
        }
    }

    private static string Masked(string authorization)
    {
        var scheme = authorization.StartsWith(Bearer, StringComparison.Ordinal) ? Bearer : "";
        var secret = authorization[scheme.Length..];
        return $"{scheme}••••{(secret.Length >= 3 * TokenEnd ? secret[^TokenEnd..] : "")}";
    }

    private static string Readable(byte[] body)
    {
        try
        {
            return JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(body), s_indented);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }
}
