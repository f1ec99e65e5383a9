using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>
/// Holds what is said over HTTP in any test against the description of the API: one Node process for all, that is asked about each kind
/// of exchange once. What differs from another only by ids and numbers is of the same kind.
/// </summary>
internal static partial class DescriptionValidator
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);
    private static readonly SemaphoreSlim s_starting = new(1);
    private static readonly SemaphoreSlim s_turn = new(1);
    private static readonly ConcurrentDictionary<string, IReadOnlyList<string>> s_problems = new(StringComparer.Ordinal);
    private static OtherProgram? s_program;

    /// <summary>What is wrong with the description itself, by OpenAPI's own schema and by its examples.</summary>
    public static IReadOnlyList<string> Errors { get; private set; } = [];

    /// <summary>From now on every exchange is looked at.</summary>
    [ModuleInitializer]
    internal static void Begin() => Api.Watch = CheckAsync;

    /// <summary>Fails the test that has made an exchange that is not as described.</summary>
    public static async Task CheckAsync(Exchange exchange)
    {
        if (exchange.Path.StartsWith("/api/", StringComparison.Ordinal))
        {
            var kind = KindOf(exchange);
            if (!s_problems.TryGetValue(kind, out var problems))
            {
                s_problems[kind] = problems = await ProblemsOf(exchange);
            }

            Assert.True(
                problems.Count == 0,
                $"{exchange.Method} {exchange.Path} is not as described. Mend {Description.Folder}, or the app:\n{string.Join('\n', problems)}"
            );
        }
    }

    /// <summary>What of an exchange, or of what a receiver got, is not as described.</summary>
    public static async Task<IReadOnlyList<string>> ProblemsOf<T>(T said) =>
        await AskAsync(await ProgramAsync(), JsonSerializer.Serialize(said, s_json));

    /// <summary>Waits until the description itself has been looked at.</summary>
    public static Task ReadyAsync() => ProgramAsync();

    /// <summary>The running program. A start that fails, on a machine that is busy, fails one test; the next tries again.</summary>
    private static async Task<OtherProgram> ProgramAsync()
    {
        await s_starting.WaitAsync();
        try
        {
            return s_program ??= await StartAsync();
        }
        finally
        {
            s_starting.Release();
        }
    }

    private static async Task<OtherProgram> StartAsync()
    {
        var folder = Repository.PathOf("tests", "tools", "OpenApi");
        var program = Directory.Exists(Path.Combine(folder, "node_modules", "ajv"))
            ? OtherProgram.Node(Path.Combine(folder, "validate.js"))
            : throw new InvalidOperationException(
                "The library ajv is not installed. Run ./test at the top of the repository: it installs what the tests need."
            );
        Errors = await AskAsync(program, Description.Json);
        return program;
    }

    private static async Task<IReadOnlyList<string>> AskAsync(OtherProgram program, string line)
    {
        await s_turn.WaitAsync();
        try
        {
            await program.Write(line);
            return JsonSerializer.Deserialize<List<string>>(await program.Read())!;
        }
        finally
        {
            s_turn.Release();
        }
    }

    private static string KindOf(Exchange exchange)
    {
        var said = string.Join(
            '\n',
            [
                exchange.Method,
                exchange.Path,
                exchange.Status.ToString(),
                exchange.RequestBody,
                exchange.Body,
                .. Names(exchange.RequestHeaders),
                "",
                .. Names(exchange.Headers),
            ]
        );
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(IdsAndNumbers().Replace(said, "1"))));
    }

    private static IEnumerable<string> Names(IReadOnlyDictionary<string, string> headers) => headers.Keys.Order(StringComparer.Ordinal);

    [GeneratedRegex("[0-9a-v]{26}|[1-9][0-9]*|(?<=[0-9.:-])0+|[A-Za-z0-9+/]{43}=")]
    private static partial Regex IdsAndNumbers();
}
