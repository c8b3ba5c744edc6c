namespace Waybill.Api.Http;

/// <summary>HEAD is answered wherever GET is, as HTTP demands (RFC 9110); the server leaves the body out.</summary>
internal static class HeadRequests
{
    /// <summary>A group in which whatever is mapped for GET is mapped for HEAD too.</summary>
    public static RouteGroupBuilder MapWithHead(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("");
        ((IEndpointConventionBuilder)group).Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().Any(metadata => metadata.HttpMethods is ["GET"]))
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        });
        return group;
    }
}
