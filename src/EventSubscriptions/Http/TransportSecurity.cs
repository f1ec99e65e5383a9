using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>Strict transport security (RFC 6797): a browser that has reached the app over https never asks it over http again.</summary>
internal static class TransportSecurity
{
    private const string ForwardedScheme = "X-Forwarded-Proto";
    private const string OneYear = "max-age=31536000";

    /// <summary>Adds the header where the request came over https, to this app or to the proxy before it. A caller that only says so harms nobody but itself: over http, browsers ignore the header.</summary>
    public static void Apply(HttpContext http)
    {
        if (http.Request.IsHttps || string.Equals(http.Request.Headers[ForwardedScheme], Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Headers.StrictTransportSecurity = OneYear;
        }
    }
}
