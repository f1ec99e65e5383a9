using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The file <c>requests.http</c> for editors, followed from top to bottom as a reader would.</summary>
public sealed partial class RequestsFileTests(SharedApp shared) : IClassFixture<SharedApp>
{
    private static readonly string s_text = File.ReadAllText(Repository.PathOf("requests.http"));

    private static readonly IReadOnlyList<FileRequest> s_requests = [.. s_text.Split("\n### ").Skip(1).Select(FileRequest.Parse)];

    [Fact]
    public void File_has_each_operation_once()
    {
        var operations = s_requests.Select(request => OperationOf(request)?.Id ?? $"no operation: {request.Method} {request.Url}");

        Assert.Equal(
            Description.Operations.Select(operation => operation.Id).Order(StringComparer.Ordinal),
            operations.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void File_uses_the_variables_that_it_declares_and_no_others()
    {
        var used = Variable().Matches(s_text).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal);

        Assert.Equal(Variables().Keys.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task File_works_from_top_to_bottom_when_ids_are_put_in()
    {
        var hook = shared.Receiver.NewHook();
        var organization = shared.NewOrganization();
        var values = Variables();
        values["host"] = "";
        values["key"] = shared.App.AdminKey;
        values["organizationId"] = organization.Id.ToString();
        values["receiver"] = hook.Url.OriginalString;

        foreach (var written in s_requests)
        {
            var operation = OperationOf(written)!;
            var request = written.With(values);
            var response = await shared
                .App.As(null)
                .Send(
                    new HttpMethod(request.Method),
                    request.Url,
                    request.Body.Length == 0 ? null : Encoding.UTF8.GetBytes(request.Body),
                    request.ContentType,
                    ifMatch: null,
                    request.Headers
                );
            Assert.True(
                response.Status < HttpStatusCode.BadRequest || (operation.Id, response.Status) == ("cancelReplay", HttpStatusCode.Conflict),
                $"{request.Title}: {(int)response.Status} {response.Text}"
            );
            switch (operation.Id)
            {
                case "createSubscription":
                    values["subscriptionId"] = response.Read<SubscriptionResult>().Id;
                    break;
                case "publishEvents":
                    Assert.Equal(values["eventId"], response.Read<PublishResult>().Ids[0]);
                    await hook.Received(values["eventId"]);
                    await Eventually.Until(
                        async () =>
                            (
                                await organization.Api.GetAll<AttemptResult>(
                                    $"{organization.Path}/subscriptions/{values["subscriptionId"]}/deliveries?eventId={values["eventId"]}"
                                )
                            ).Count > 0,
                        () => "the attempt in the log"
                    );
                    break;
                case "startReplay":
                    values["replayId"] = response.Read<ReplayResult>().Id;
                    break;
                case "createKey":
                    values["keyId"] = response.Read<KeyResult>().Id;
                    break;
            }
        }
    }

    private static Operation? OperationOf(FileRequest request)
    {
        var path = request.Url.Replace("{{host}}", "", StringComparison.Ordinal).Split('?')[0];
        return Description
            .Operations.Where(operation =>
                operation.Method == request.Method
                && Regex.IsMatch(path, $"^{Regex.Replace(Regex.Escape(operation.Path), @"\\\{\w+}", "[^/]+")}$")
            )
            .MinBy(operation => operation.ParametersIn("path").Count());
    }

    private static Dictionary<string, string> Variables() =>
        Declaration()
            .Matches(s_text)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value.Trim(), StringComparer.Ordinal);

    [GeneratedRegex(@"^@(?<name>\w+) = (?<value>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\{\{(?<name>\w+)\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();

    /// <summary>A title; then a method and a URL; then headers; then, behind an empty line, a body.</summary>
    private sealed record FileRequest(string Title, string Method, string Url, string HeaderLines, string Body)
    {
        public (string Name, string Value)[] Headers =>
            [.. HeaderLines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (line.Split(": ")[0], line.Split(": ")[1]))];

        public string? ContentType => Headers.FirstOrDefault(header => header.Name == "Content-Type").Value;

        public static FileRequest Parse(string text)
        {
            var (head, body) = text.Split("\n\n", 2) is [var first, var rest] ? (first, rest.Trim()) : (text.Trim(), "");
            var lines = head.Split('\n', 3);
            var start = lines[1].Split(' ');
            return new FileRequest(lines[0], start[0], start[1], lines.Length > 2 ? lines[2] : "", body);
        }

        public FileRequest With(Dictionary<string, string> values)
        {
            return this with { Url = Fill(Url), HeaderLines = Fill(HeaderLines), Body = Fill(Body) };

            string Fill(string text) => Variable().Replace(text, match => values[match.Groups["name"].Value]);
        }
    }
}
