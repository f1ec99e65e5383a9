using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Demo;

/// <summary>A receiver that keeps its last requests and responds as configured. Thread-safe.</summary>
internal sealed class Inbox(TimeProvider time)
{
    /// <summary>The number of requests to keep.</summary>
    public const int Capacity = 100;

    /// <summary>The delay of a slow response.</summary>
    public static readonly TimeSpan SlowDelay = TimeSpan.FromSeconds(5);

    private const string Bearer = "Bearer ";
    private const int ShownTokenLength = 4;
    private const int MaxEvents = 10_000;

    // Escapes no more than necessary, because the page shows the text, never markup.
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock _lock = new();
    private readonly LinkedList<InboxRequest> _newestFirst = new();
    private readonly Dictionary<string, int> _countByEvent = new(StringComparer.Ordinal);
    private InboxResponse _response;
    private long _total;

    /// <summary>The signing secret and the token of the subscription, once it exists.</summary>
    public (string SigningSecret, string Token)? Credentials { get; set; }

    /// <summary>How to respond from now on.</summary>
    public InboxResponse Response
    {
        get
        {
            lock (_lock)
            {
                return _response;
            }
        }
        set
        {
            lock (_lock)
            {
                _response = value;
            }
        }
    }

    /// <summary>Receives a request, and returns the status of the response after the configured delay.</summary>
    public async Task<int> ReceiveAsync(IHeaderDictionary headers, byte[] body, CancellationToken cancellationToken)
    {
        var response = Response;
        var status = response == InboxResponse.Error ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
        Add(Read(headers, body, status), headers["webhook-id"].ToString());
        if (response == InboxResponse.Slow)
        {
            await Task.Delay(SlowDelay, time, cancellationToken);
        }

        return status;
    }

    /// <summary>The kept requests after this number, newest first.</summary>
    public InboxState GetSince(long number)
    {
        lock (_lock)
        {
            return new InboxState(_response, _total, [.. _newestFirst.TakeWhile(request => request.Number > number)]);
        }
    }

    private InboxRequest Read(IHeaderDictionary headers, byte[] body, int status)
    {
        var now = time.GetUtcNow();
        var token = headers.Authorization.ToString();
        return new InboxRequest
        {
            Number = 0,
            ReceivedAt = now,
            Headers =
            [
                .. headers.Select(header => new InboxHeader(
                    header.Key,
                    header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? Mask(token) : header.Value.ToString()
                )),
            ],
            Body = Format(body),
            SignatureError = Credentials is not { } credentials
                ? "The secret is not known yet."
                : SignatureCheck.GetError(
                    credentials.SigningSecret,
                    headers["webhook-id"].ToString(),
                    headers["webhook-timestamp"].ToString(),
                    headers["webhook-signature"].ToString(),
                    body,
                    now
                ),
            IsTokenValid =
                Credentials is { Token: var expected }
                && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(Bearer + expected)),
            Status = status,
        };
    }

    private void Add(InboxRequest request, string eventId)
    {
        lock (_lock)
        {
            if (_countByEvent.Count >= MaxEvents)
            {
                _countByEvent.Clear();
            }

            var count = _countByEvent.GetValueOrDefault(eventId) + 1;
            _countByEvent[eventId] = count;
            _newestFirst.AddFirst(request with { Number = ++_total, Count = count });
            if (_newestFirst.Count > Capacity)
            {
                _newestFirst.RemoveLast();
            }
        }
    }

    private static string Mask(string authorization)
    {
        var scheme = authorization.StartsWith(Bearer, StringComparison.Ordinal) ? Bearer : "";
        var secret = authorization[scheme.Length..];
        return $"{scheme}••••{(secret.Length >= 3 * ShownTokenLength ? secret[^ShownTokenLength..] : "")}";
    }

    private static string Format(byte[] body)
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
