namespace Waybill.Api.Http;

/// <summary>Refuses unknown query parameters: to ignore one is to answer something else than was asked.</summary>
internal static class Queries
{
    public static void RefuseUnknownQuery(this RouteGroupBuilder group) =>
        group.AddEndpointFilterFactory((endpoint, next) =>
        {
            var takesPage = endpoint.MethodInfo.GetParameters().Any(p => p.ParameterType == typeof(PageQuery));
            string[] known = takesPage ? PageQuery.Names : [];
            return call => call.HttpContext.Request.Query.Keys.All(known.Contains)
                ? next(call)
                : throw new MalformedException(takesPage
                    ? $"The only query parameters here are {string.Join(" and ", known)}."
                    : "There are no query parameters here.");
        });
}
