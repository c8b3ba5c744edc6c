using System.Net;
using System.Net.Sockets;
using Waybill.Silo;

namespace Waybill.Api.Http;

/// <summary>
/// Who a call comes from. There is no sign-in: every call acts as the operator <see cref="Actor"/>, and so the server
/// listens to nobody but the developer at this machine. The two belong together; whoever changes one changes the other.
/// </summary>
internal static class DeveloperOnly
{
    /// <summary>The subject that is recorded as having asked.</summary>
    public const string Actor = "dev";

    private const string UrlDefault = "http://127.0.0.1:8080";

    /// <summary>
    /// Lets the server listen on the setting <c>urls</c>. What is wrong with them is found here, before a silo starts.
    /// </summary>
    /// <exception cref="StartException">
    /// The environment is not Development, or an address is malformed, not a loopback one, or taken.
    /// </exception>
    public static void ListenForTheDeveloperOnly(this WebApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
            throw new StartException(
                $"the environment is {builder.Environment.EnvironmentName}, but Waybill has no sign-in and so runs in "
                + "Development only. Set ASPNETCORE_ENVIRONMENT=Development.");

        var urls = (builder.Configuration["urls"] ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (urls.Length == 0)
            urls = [UrlDefault];
        foreach (var url in urls)
            Check(url);
        builder.WebHost.UseUrls(urls);
        // Dropping the Kestrel section leaves no other way to name an address.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure());
    }

    /// <summary>
    /// Refuses what a web page of somebody else's can send through the developer's browser: a name of its own that
    /// leads here, and a command from another origin.
    /// </summary>
    public static void UseDeveloperOnly(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var request = http.Request;
        if (!IsThisMachine(request.Host.Host))
            throw new MalformedException("Host must be localhost or a loopback address.");
        var isCommand = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        var own = $"{request.Scheme}://{request.Host}";
        if (isCommand && request.Headers.Origin.Any(origin => !own.Equals(origin, StringComparison.OrdinalIgnoreCase)))
            throw new MalformedException("A command must not come from a page of another origin.");
        return next(http);
    });

    // The server listens on every interface for a host that is neither of these, whatever the name stands for.
    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static void Check(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri is not { Scheme: "http", PathAndQuery: "/", UserInfo: "", Fragment: "" })
            throw new StartException($"'{url}' is not an address such as {UrlDefault}.");
        // As the server reads it: Uri takes "loopback" for localhost, the server does not.
        if (!IsThisMachine(BindingAddress.Parse(url).Host))
            throw new StartException(
                $"{url} is open to other machines. Waybill has no sign-in and so listens on loopback addresses only, "
                + $"such as {UrlDefault}.");
        try
        {
            var address = IPAddress.TryParse(uri.IdnHost, out var ip) ? ip : IPAddress.Loopback;
            using var listener = new TcpListener(address, uri.Port);
            listener.Start();
        }
        catch (SocketException taken)
        {
            throw new StartException($"{url} cannot be listened on: {taken.Message}.", taken);
        }
    }
}
