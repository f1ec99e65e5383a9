using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using Samples;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class ProducerSampleTests
{
    [Fact]
    public async Task Sample_sends_an_event_that_the_app_accepts()
    {
        using var services = await LocalServices.StartAsync();
        var organization = Given.Organization();

        await Producer.SendAsync(services.Bus, "case-4711-closed", "CaseClosedEvent", organization.Value, new { id = "case-4711" });

        Assert.True(EventMessage.TryParse(await services.ReceiveOneAsync(QueueNames.Events), out var message, out _));
        Assert.Equal(
            (organization, "case-4711-closed", "CaseClosedEvent", EventSource.External),
            (message.Organization, message.EventId.ToString(), message.EventName.ToString(), message.Source)
        );
        Assert.Equal(
            $$$"""{"eventName":"CaseClosedEvent","organizationId":{{{organization}}},"data":{"id":"case-4711"}}""",
            System.Text.Encoding.UTF8.GetString(message.Payload.Span)
        );
    }

    [Fact]
    public async Task Code_in_the_documentation_is_that_of_the_sample()
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs", "air.md"));
        var sample = (await File.ReadAllLinesAsync(Repository.PathOf("docs", "samples", "producer.cs"))).Select(line => line.Trim());
        var code = text.Split("```csharp\n")[1].Split("```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, code.Length);
        Assert.Subset(sample.ToHashSet(StringComparer.Ordinal), code.ToHashSet(StringComparer.Ordinal));
    }
}
