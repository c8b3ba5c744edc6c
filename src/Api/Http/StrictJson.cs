using System.Text.Json.Serialization;

namespace Waybill.Api.Http;

/// <summary>JSON that is taken as it is meant or not at all.</summary>
internal static class StrictJson
{
    public static void AddStrictJson(this WebApplicationBuilder builder) =>
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            var json = options.SerializerOptions;
            json.NumberHandling = JsonNumberHandling.Strict;
            json.PropertyNameCaseInsensitive = false;
            json.AllowDuplicateProperties = false;
            json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.RespectNullableAnnotations = true;
            json.RespectRequiredConstructorParameters = true;
            json.Converters.Add(new EnumNames());
        });

    /// <summary>JSON is UTF-8 (RFC 8259); a body that claims another encoding is not read.</summary>
    public static void UseUtf8Only(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var charset = http.Request.GetTypedHeaders().ContentType?.Charset;
        if (charset is not { Length: > 0 } || charset.Value.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return next(http);
        http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        return Task.CompletedTask;
    });
}
