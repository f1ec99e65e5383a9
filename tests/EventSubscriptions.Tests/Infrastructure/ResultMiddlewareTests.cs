using System.Collections;
using System.Reflection;
using FunctionsApp;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Infrastructure;

public sealed class ResultMiddlewareTests
{
    private readonly Features _features = new();
    private readonly ResultMiddleware _middleware = new();

    [Fact]
    public async Task Result_of_an_HTTP_function_is_not_sent_to_the_host()
    {
        var context = new TestFunctionContext { InvocationFeatures = _features };
        context.Items["HttpRequestContext"] = new DefaultHttpContext();

        await _middleware.Invoke(context, Return("a secret"));

        Assert.Null(context.GetInvocationResult().Value);
    }

    [Fact]
    public async Task Result_of_another_function_is_unchanged()
    {
        var context = new TestFunctionContext { InvocationFeatures = _features };

        await _middleware.Invoke(context, Return("a result"));

        Assert.Equal("a result", context.GetInvocationResult().Value);
    }

    private static Microsoft.Azure.Functions.Worker.Middleware.FunctionExecutionDelegate Return(string result) =>
        context =>
        {
            context.GetInvocationResult().Value = result;
            return Task.CompletedTask;
        };

    /// <summary>The one feature that is needed here. Its interface belongs to the worker alone.</summary>
    private sealed class Features : IInvocationFeatures
    {
        private readonly object _bindings = DispatchProxy.Create(
            typeof(FunctionContext).Assembly.GetTypes().Single(type => type.Name == "IFunctionBindingsFeature"),
            typeof(Properties)
        );

        public T? Get<T>() => _bindings is T feature ? feature : default;

        public void Set<T>(T instance) => throw new NotSupportedException();

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => throw new NotSupportedException();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>An object whose properties are what they were set to.</summary>
    public class Properties : DispatchProxy
    {
        private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var name = targetMethod!.Name[4..];
            if (args is [var value])
            {
                _values[name] = value;
            }

            return _values.GetValueOrDefault(name);
        }
    }
}
