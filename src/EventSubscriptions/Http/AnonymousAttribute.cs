namespace EventSubscriptions.Http;

/// <summary>A function that needs no key.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnonymousAttribute : Attribute;
