using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Palette;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Palette;

/// <summary>Lets the palette find models; every signed-in person may see them all.</summary>
internal sealed class ModelPaletteSource(ModelQueries models) : ICommandSource
{
    private const int Most = 8;

    public string Name => "Models";

    public int Order => 20;

    public async Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken) =>
        [.. (await models.FindAsync(query, Most, cancellationToken)).Select(model => new CommandItem(
            model.Name,
            model.LatestVersion == 0 ? "no version yet" : $"version {model.LatestVersion} · {model.OwnerName}",
            IconName.Model,
            RegistryLinks.Model(model.Name)))];
}
