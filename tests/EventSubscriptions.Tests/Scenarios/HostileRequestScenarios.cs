using System.Net;
using System.Net.Sockets;
using System.Text;
using EventSubscriptions.Tests.OpenApi;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Requests that are refused early or can't be read are never a fault of the app.</summary>
public sealed class HostileRequestScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    public static TheoryData<string> Operations => [.. Description.Operations.Select(operation => operation.Id)];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Key_of_another_organization_gets_no_5xx(string id)
    {
        var operation = Description.Operation(id);
        var key = await Keys.Create(shared.App, "admin", shared.NewOrganization().Id);
        var media = operation.Definition["requestBody"]?["content"]?["application/json"];
        var body = media?["example"] ?? media?["examples"]?.AsObject().First().Value!["value"];

        var response = await shared.App.As(key).Send(new HttpMethod(operation.Method), operation.ExamplePath, body?.ToJsonString());

        Assert.InRange((int)response.Status, 200, 499);
    }

    [Fact]
    public async Task Bound_admin_key_may_not_read_entries_without_an_organization()
    {
        var key = await Keys.Create(shared.App, "admin", shared.NewOrganization().Id);

        var response = await shared.App.As(key).Get("/api/audit-logs");

        Assert.Equal(HttpStatusCode.Forbidden, response.Status);
    }

    [Theory]
    [InlineData("FFFFFFFF")]
    [InlineData("80000000")]
    [InlineData("zz")]
    public async Task Request_is_refused_when_a_chunk_size_is_not_a_number(string size)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(shared.App.Address.Host, shared.App.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/organizations/1/events HTTP/1.1\r\nHost: app\r\nx-api-key: {shared.App.AdminKey}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size}\r\n"
            )
        );
        using var reader = new StreamReader(stream);

        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync());
    }
}
