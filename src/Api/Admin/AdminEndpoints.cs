using Waybill.Api.Http;

namespace Waybill.Api.Admin;

/// <summary>What operators do.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/admin").WithTags("Operations");
        admin.RefuseUnknownQuery();
        admin.MapLog();
        admin.MapCorrelations();
        admin.MapProjections();
        admin.MapDeadLetters();
        admin.MapSagas();
        admin.MapAnalytics();
    }
}
