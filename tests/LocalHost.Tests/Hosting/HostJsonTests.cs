using LocalHost.Hosting;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Tests.Hosting;

public sealed class HostJsonTests
{
    [Fact]
    public void Host_json_has_the_Functions_hosts_defaults_when_it_is_absent()
    {
        var host = HostJson.Load("/no/such/host.json", Overrides());

        Assert.Equal("api", host.RoutePrefix);
        Assert.Equal(new ServiceBusOptions(), host.ServiceBus);
        Assert.Equal(
            (16 * Environment.ProcessorCount, 1000, true, TimeSpan.FromMinutes(5)),
            (
                host.ServiceBus.MaxConcurrentCalls,
                host.ServiceBus.MaxMessageBatchSize,
                host.ServiceBus.AutoCompleteMessages,
                host.ServiceBus.MaxAutoLockRenewalDuration
            )
        );
    }

    [Fact]
    public void Host_json_is_read_with_comments_and_trailing_commas() =>
        WithFile(
            """
            {
              // the whole of it
              "version": "2.0",
              "extensions": {
                "http": { "routePrefix": "/v1/" },
                "serviceBus": { "maxConcurrentCalls": 3, "maxMessageBatchSize": 4, "autoCompleteMessages": false, "maxAutoLockRenewalDuration": "00:01:00", },
              },
            }
            """,
            path =>
            {
                var host = HostJson.Load(path, Overrides());

                Assert.Equal("v1", host.RoutePrefix);
                Assert.Equal(
                    new ServiceBusOptions
                    {
                        MaxConcurrentCalls = 3,
                        MaxMessageBatchSize = 4,
                        AutoCompleteMessages = false,
                        MaxAutoLockRenewalDuration = TimeSpan.FromMinutes(1),
                    },
                    host.ServiceBus
                );
            }
        );

    [Fact]
    public void Host_json_is_overridden_by_the_environment() =>
        WithFile(
            """{ "extensions": { "serviceBus": { "maxConcurrentCalls": 3 } } }""",
            path =>
                Assert.Equal(
                    7,
                    HostJson.Load(path, Overrides(("extensions:serviceBus:maxConcurrentCalls", "7"))).ServiceBus.MaxConcurrentCalls
                )
        );

    [Theory]
    [InlineData("""{ "extensions": { "serviceBus": { "maxConcurrentCalls": 0 } } }""", "maxConcurrentCalls")]
    [InlineData("""{ "extensions": { "serviceBus": { "autoCompleteMessages": "often" } } }""", "often")]
    [InlineData("{", "host.json")]
    public void Invalid_host_json_is_refused_by_name(string json, string named) =>
        WithFile(
            json,
            path =>
                Assert.Contains(
                    named,
                    Assert.Throws<StartupException>(() => HostJson.Load(path, Overrides())).Message,
                    StringComparison.Ordinal
                )
        );

    [Theory]
    [InlineData(nameof(Automatic.Unsaid), true)]
    [InlineData(nameof(Automatic.On), true)]
    [InlineData(nameof(Automatic.Off), false)]
    public void Automatic_completion_is_that_of_the_host_when_the_trigger_does_not_set_it(string method, bool expected)
    {
        var parameter = typeof(Automatic).GetMethod(method)!.GetParameters()[0];

        Assert.Equal(expected, new ServiceBusOptions().AutoCompletes(parameter));
    }

    private static IConfiguration Overrides(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, string? (setting) => setting.Value))
            .Build();

    private static void WithFile(string json, Action<string> use)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "host.json");
        File.WriteAllText(path, json);
        use(path);
    }

    private static class Automatic
    {
        public static void Unsaid([ServiceBusTrigger("q")] object message) { }

        public static void On([ServiceBusTrigger("q", AutoCompleteMessages = true)] object message) { }

        public static void Off([ServiceBusTrigger("q", AutoCompleteMessages = false)] object message) { }
    }
}
