using EventSubscriptions.Options;
using FunctionsApp;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>The app as it is put together for Azure, not started: for that it takes a Functions host.</summary>
public sealed class AzureAppTests : IDisposable
{
    private readonly IHost _app;

    public AzureAppTests()
    {
        var builder = AzureApp.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Functions:Worker:HostEndpoint"] = "http://127.0.0.1:1/",
                ["Functions:Worker:WorkerId"] = "worker",
                ["Functions:Worker:RequestId"] = "request",
                ["Functions:Worker:GrpcMaxMessageLength"] = "1000000",
                ["Access:AdminKey"] = "admin-key-of-32-characters-or-so",
                ["Secrets:Keys"] = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                ["Tables"] = "UseDevelopmentStorage=true",
                ["ServiceBus"] = "Endpoint=sb://127.0.0.1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true;",
            }
        );
        _app = builder.Build();
    }

    public void Dispose() => _app.Dispose();

    [Fact]
    public void Settings_are_accepted() => _app.Services.CheckSettings();

    [Fact]
    public void Responses_do_not_name_the_server() =>
        Assert.False(_app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.AddServerHeader);

    /// <summary>The app limits bodies itself; what the web server refuses becomes a 502 of the host.</summary>
    [Fact]
    public void Web_server_accepts_every_body_that_the_host_accepts() =>
        Assert.Equal(104_857_600, _app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxRequestBodySize);

    [Fact]
    public void Start_creates_no_data_protection_keys()
    {
        Assert.IsType<EphemeralDataProtectionProvider>(_app.Services.GetRequiredService<IDataProtectionProvider>());
        Assert.DoesNotContain(
            _app.Services.GetServices<IHostedService>(),
            service => service.GetType().FullName!.Contains("DataProtection", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("System.Net.Http.HttpClient.CallInvokerExtractor.LogicalHandler", false)]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", false)]
    [InlineData("EventSubscriptions.Deliveries.DeliverFunction", true)]
    public void Information_is_logged_of_the_app_alone(string category, bool expected) =>
        Assert.Equal(expected, _app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category).IsEnabled(LogLevel.Information));

    /// <summary>The worker asks the invocation's services for each middleware when it is its turn.</summary>
    [Fact]
    public async Task Outermost_middleware_clears_the_results()
    {
        var services = new FirstAsked();
        var pipeline = _app.Services.GetRequiredService<FunctionExecutionDelegate>();

        await Assert.ThrowsAnyAsync<Exception>(() => pipeline(new TestFunctionContext { InstanceServices = services }));

        Assert.Equal(typeof(ResultMiddleware), services.Type);
    }

    private sealed class FirstAsked : IServiceProvider
    {
        public Type? Type { get; private set; }

        public object? GetService(Type serviceType)
        {
            Type ??= serviceType;
            return null;
        }
    }
}
