using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>
/// Every operation checks a request in one order: key, role, ids in the path, media type, body and query. Each request here is wrong in
/// what is checked, and in all that is checked after it.
/// </summary>
public sealed class OpenApiOrderTests(SharedApp shared) : IClassFixture<SharedApp>
{
    private const string Unknown = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";

    public static TheoryData<string> Operations => [.. Description.Operations.Select(operation => operation.Id)];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_checks_the_key_the_role_the_ids_the_media_type_and_then_the_rest(string id)
    {
        var operation = Description.Operation(id);
        var organization = shared.NewOrganization();
        var path = await new Things(shared.App, organization, shared.Receiver).PathOf(operation);
        var malformed = operation
            .ParametersIn("path")
            .Aggregate(operation.Path, (at, parameter) => at.Replace($"{{{parameter["name"]}}}", "a.b", StringComparison.Ordinal));

        if (operation.Roles.Count > 0)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await Send(operation, null, malformed));
        }

        if (operation.Statuses.Contains("403", StringComparer.Ordinal))
        {
            Assert.Equal(
                HttpStatusCode.Forbidden,
                await Send(operation, await Things.KeyWithout(operation.Roles, shared.App, organization), malformed)
            );
        }

        var (segments, names) = (path.Split('/'), operation.Path.Split('/'));
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i].StartsWith('{') && operation.Statuses.Contains("404", StringComparer.Ordinal))
            {
                Assert.Equal(
                    HttpStatusCode.NotFound,
                    await Send(operation, shared.App.AdminKey, string.Join('/', [.. segments[..i], "a.b", .. segments[(i + 1)..]]))
                );
            }
        }

        if (operation.Body is not null)
        {
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, await Send(operation, shared.App.AdminKey, path));
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_reports_errors_of_body_query_and_headers_at_once(string id)
    {
        var operation = Description.Operation(id);
        var path = await new Things(shared.App, shared.NewOrganization(), shared.Receiver).PathOf(operation);
        if (operation.Body is null || !operation.Statuses.Contains("400", StringComparer.Ordinal))
        {
            return;
        }

        var response = await shared
            .App.AsAdmin()
            .Send(
                new HttpMethod(operation.Method),
                $"{path}?{Unknown}=1",
                Encoding.UTF8.GetBytes($$"""{"{{Unknown}}2":1}"""),
                "application/json",
                "not in quotes",
                ("Idempotency-Key", "not one word")
            );

        var errors = response.Expect(HttpStatusCode.BadRequest).Json["errors"]!.AsObject();
        // Binalyze AIR may send other fields, and any text as the id.
        IEnumerable<string> wrong =
            operation.Id == "publishAirEvents"
                ? ["eventName"]
                : [.. operation.ParametersIn("header").Select(parameter => (string)parameter["name"]!), Unknown + "2"];
        Assert.Superset(
            wrong.Append(Unknown).ToHashSet(StringComparer.Ordinal),
            errors.Select(error => error.Key).ToHashSet(StringComparer.Ordinal)
        );
    }

    private async Task<HttpStatusCode> Send(Operation operation, string? key, string path) =>
        (
            await shared
                .App.As(key)
                .Send(
                    new HttpMethod(operation.Method),
                    $"{path}?{Unknown}=1",
                    operation.Body is null ? null : "{"u8.ToArray(),
                    "text/plain",
                    "not in quotes"
                )
        ).Status;
}
