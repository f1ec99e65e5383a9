#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false

// A receiver of events for ASP.NET Core on .NET 10. It accepts POSTs on /events:
//   SIGNING_SECRET=whsec_… TOKEN=… PORT=9000 dotnet run receiver.cs
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

const int MaxBody = 192 * 1024; // bytes
const int Tolerance = 5 * 60; // seconds

var key = Convert.FromBase64String(Setting("SIGNING_SECRET")["whsec_".Length..]);
var authorization = Encoding.UTF8.GetBytes($"Bearer {Setting("TOKEN")}");

// Store ids persistently, best in the transaction that stores the event, with a unique key.
var seen = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBody);
var app = builder.Build();
app.MapPost(
    "/events",
    async (HttpRequest request) =>
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString()), authorization))
        {
            return Results.Unauthorized();
        }

        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer); // Kestrel returns 413 if it is too long.
        var body = buffer.ToArray();
        if (!IsSigned(request.Headers, body))
        {
            return Results.Unauthorized();
        }

        using var payload = JsonDocument.Parse(body);
        var id = request.Headers["webhook-id"].ToString();
        Console.WriteLine(seen.TryAdd(id, true) ? $"accepted {id} {payload.RootElement.GetProperty("eventName")}" : $"repeated {id}");
        return Results.NoContent(); // Respond now, and process the event afterwards.
    }
);
app.Run($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "9000"}");

bool IsSigned(IHeaderDictionary headers, byte[] body)
{
    var (id, timestamp) = (headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString());
    if (
        id.Length == 0
        || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        || Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > Tolerance
    )
    {
        return false;
    }

    byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
    var expected = Encoding.UTF8.GetBytes($"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}");
    return headers["webhook-signature"]
        .ToString()
        .Split(' ')
        .Any(signature => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected));
}

static string Setting(string name) =>
    Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} must be set.");
