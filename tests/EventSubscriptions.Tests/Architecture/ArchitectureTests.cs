using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Http;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Architecture;

/// <summary>Rules that hold for all of the app's sources.</summary>
public sealed class ArchitectureTests
{
    private static readonly MethodInfo[] s_functions =
    [
        .. from type in typeof(TableNames).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
        where method.IsDefined(typeof(FunctionAttribute))
        select method,
    ];

    [Fact]
    public void App_does_not_know_which_host_runs_it()
    {
        var sources = Directory
            .EnumerateFiles(Repository.PathOf("src", "EventSubscriptions"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Regex.IsMatch(file, @"[/\\](obj|bin)[/\\]"))
            .ToList();

        Assert.NotEmpty(sources);
        Assert.DoesNotContain(sources, file => Regex.IsMatch(File.ReadAllText(file), @"LocalHost|^\s*#if\b", RegexOptions.Multiline));
    }

    [Fact]
    public void Every_HTTP_function_declares_who_may_call_it()
    {
        var http = s_functions.Where(function => Trigger<HttpTriggerAttribute>(function) is not null).ToList();

        Assert.NotEmpty(http);
        Assert.All(
            http,
            function =>
                Assert.True(
                    function.IsDefined(typeof(RequiresAttribute)) != function.IsDefined(typeof(AnonymousAttribute)),
                    $"{function.DeclaringType!.Name}.{function.Name} has neither or both of [Requires] and [Anonymous]."
                )
        );
    }

    [Fact]
    public void Every_HTTP_function_leaves_authorization_to_the_keys()
    {
        Assert.All(
            s_functions.Select(Trigger<HttpTriggerAttribute>).OfType<HttpTriggerAttribute>(),
            trigger => Assert.Equal(AuthorizationLevel.Anonymous, trigger.AuthLevel)
        );
    }

    [Fact]
    public void Function_names_are_unique()
    {
        var names = s_functions.Select(function => function.GetCustomAttribute<FunctionAttribute>()!.Name).ToList();

        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Every_queue_that_a_function_reads_is_declared()
    {
        var declared = QueueDeclarations.ServiceBus().Select(queue => queue.Name).ToHashSet(StringComparer.Ordinal);
        var read = s_functions.Select(Trigger<ServiceBusTriggerAttribute>).OfType<ServiceBusTriggerAttribute>().ToList();

        Assert.NotEmpty(read);
        Assert.All(read, trigger => Assert.Contains(trigger.QueueName!.Split('/')[0], declared));
    }

    [Fact]
    public void Every_queue_has_a_function_for_its_messages_and_one_for_its_dead_letters()
    {
        var read = s_functions
            .Select(Trigger<ServiceBusTriggerAttribute>)
            .OfType<ServiceBusTriggerAttribute>()
            .Select(trigger => trigger.QueueName!)
            .ToList();

        Assert.All(
            QueueDeclarations.ServiceBus(),
            queue =>
            {
                Assert.Contains(queue.Name, read);
                Assert.Contains(queue.Name + "/$DeadLetterQueue", read);
            }
        );
    }

    [Fact]
    public void Every_queue_and_table_named_in_the_code_exists()
    {
        Assert.Equal(
            QueueDeclarations.ServiceBus().Select(queue => queue.Name).Order(StringComparer.Ordinal),
            Constants(typeof(QueueNames)).Where(name => !name.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        Assert.Equal(
            TableNames.All.Order(StringComparer.Ordinal),
            Constants(typeof(TableNames)).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    [Theory]
    [InlineData("infra/settings.json", "")]
    [InlineData("local.settings.sample.json", "Values")]
    public void Every_setting_that_a_trigger_refers_to_is_visible_to_the_host(string file, string member)
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(file.Split('/'))));
        var values = member.Length == 0 ? settings.RootElement : settings.RootElement.GetProperty(member);
        var referred = s_functions
            .Select(Trigger<TimerTriggerAttribute>)
            .OfType<TimerTriggerAttribute>()
            .Select(timer => timer.Schedule.Trim('%'))
            .ToList();

        Assert.NotEmpty(referred);
        Assert.All(referred, name => Assert.Equal(JsonValueKind.String, values.GetProperty(name).ValueKind));
    }

    private static T? Trigger<T>(MethodInfo function)
        where T : Attribute =>
        function.GetParameters().Select(parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(attribute => attribute is not null);

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!);
}
