using System.Text.Json;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// The published library <c>standardwebhooks</c> (npm): what a receiver's author would use. One process for a class of tests, which ask one
/// after another.
/// </summary>
public sealed class StandardWebhooks : IAsyncLifetime
{
    internal const string Valid = "valid";
    internal const string NoMatch = "No matching signature found";
    internal const string TooOld = "Message timestamp too old";

    private OtherProgram? _program;

    public Task InitializeAsync()
    {
        var folder = Repository.PathOf("tests", "tools", "StandardWebhooks");
        _program = Directory.Exists(Path.Combine(folder, "node_modules", "standardwebhooks"))
            ? OtherProgram.Node(Path.Combine(folder, "verify.js"))
            : throw new InvalidOperationException(
                "The library standardwebhooks is not installed. Run ./test at the top of the repository: it installs what the tests need."
            );
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _program!.DisposeAsync();

    /// <summary>What the library says of a request.</summary>
    internal Task<string> Verify(ReceivedRequest request, string secret) => Verify(request.Headers, request.Body, secret);

    internal async Task<string> Verify(IReadOnlyDictionary<string, string> headers, byte[] body, string secret)
    {
        await _program!.Write(
            JsonSerializer.Serialize(
                new
                {
                    secret,
                    headers,
                    body = Convert.ToBase64String(body),
                }
            )
        );
        return await _program.Read();
    }
}
