namespace Waybill.Api.Idempotency;

/// <summary>Registers what idempotency keys stand on.</summary>
internal static class IdempotencyServices
{
    public static void AddIdempotencyKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IdempotencyKeys>();
        builder.Services.AddHostedService<IdempotencyPurge>();
    }
}
