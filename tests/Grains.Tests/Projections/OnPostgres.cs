using Waybill.Tests.Postgres;

namespace Waybill.Tests.Grains.Projections;

/// <summary>The tests that share one server.</summary>
[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
