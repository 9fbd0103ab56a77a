using Microsoft.EntityFrameworkCore;

namespace Ops.Data.Providers;

/// <summary>Hands out the provider's own class where the code asks for a <see cref="RegistryDb"/>.</summary>
internal sealed class ProviderFactory<TDb>(IDbContextFactory<TDb> inner) : IDbContextFactory<RegistryDb>
    where TDb : RegistryDb
{
    /// <inheritdoc/>
    public RegistryDb CreateDbContext() => inner.CreateDbContext();

    /// <inheritdoc/>
    public async Task<RegistryDb> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
        await inner.CreateDbContextAsync(cancellationToken);
}
