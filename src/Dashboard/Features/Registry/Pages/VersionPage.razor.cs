using System.Globalization;
using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.ModelStore.Downloads;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class VersionPage
{
    private VersionDetail? version;
    private OnnxModelInfo? info;
    private IReadOnlyList<SignatureValue> inputs = [];
    private IReadOnlyList<SignatureValue> outputs = [];
    private IReadOnlyList<KeyValuePair<string, string>> facts = [];
    private IReadOnlyList<KeyValuePair<string, string>> operators = [];
    private IReadOnlyList<KeyValuePair<string, string>> metadata = [];
    private ModelCard? card;
    private bool missing;

    [Parameter]
    public string Name { get; set; } = "";

    [Parameter]
    public int Number { get; set; }

    [Inject]
    internal VersionQueries Versions { get; set; } = default!;

    [Inject]
    internal VersionCommands Commands { get; set; } = default!;

    [Inject]
    internal DeletionCommands Deletion { get; set; } = default!;

    [Inject]
    internal IntegrityCommands Integrity { get; set; } = default!;

    [Inject]
    internal ModelCards Cards { get; set; } = default!;

    [Inject]
    internal ConfirmService Confirm { get; set; } = default!;

    private bool IsDeleted => version is { State: VersionState.Deleted or VersionState.Purged };

    private bool CanDownload => version is { State: VersionState.Ready or VersionState.Archived };

    private bool CanRollOut => version is { State: VersionState.Ready, ModelIsArchived: false };

    protected override Task OnParametersSetAsync() => LoadAsync();

    protected override async Task LoadAsync()
    {
        var found = await Versions.FindAsync(Name, Number, Ended);
        info = found is null ? null : OnnxMetadata.Read(found.Format, found.MetadataJson);
        if (info is not null)
        {
            inputs = [.. info.Inputs.Select(SignatureValue.Of)];
            outputs = [.. info.Outputs.Select(SignatureValue.Of)];
            facts = Facts(info);
            operators = [.. info.Operators.OrderByDescending(o => o.Value).ThenBy(o => o.Key, StringComparer.Ordinal).Select(o => KeyValuePair.Create(o.Key, Whole(o.Value)))];
            metadata = [.. info.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal)];
        }

        card = found is null ? null : await Cards.ReadAsync(found.ModelId, found.Model, found.Number, Ended);
        (version, missing) = (found, found is null);
    }

    private static List<KeyValuePair<string, string>> Facts(OnnxModelInfo info)
    {
        List<KeyValuePair<string, string>> facts =
        [
            new("Parameters", info.ParameterCount >= 10_000 ? $"{Whole(info.ParameterCount)} ({Format.Count(info.ParameterCount)})" : Whole(info.ParameterCount)),
            new("Nodes", Whole(info.NodeCount)),
            new("Operator sets", string.Join(", ", info.OpsetImports.Select(o => $"{o.Key} {o.Value}"))),
            new("IR version", Whole(info.IrVersion)),
            new("Producer", SignatureText.Producer(info)),
            new("Graph", info.GraphName),
            new("Domain", info.Domain),
            new("Author's version", info.ModelVersion == 0 ? "" : info.ModelVersion.ToString(CultureInfo.InvariantCulture)),
            new("Weights in", string.Join(", ", info.ExternalFiles)),
        ];
        facts.RemoveAll(fact => fact.Value.Length == 0);
        return facts;
    }

    private static string Whole(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private async Task ArchiveAsync()
    {
        var (id, name) = (version!.Id, $"{version.Model} {version.Number}");
        if (await DoAsync(caller => Commands.ArchiveAsync(caller, id)) is { } serving)
        {
            var still = serving.Count == 0 ? "" : $" It goes on serving on {string.Join(", ", serving)}.";
            Toasts.Show(State.Ok, $"{name} is archived.{still}", "Undo", () => DoAsync(caller => Commands.RestoreAsync(caller, id)));
        }
    }

    private async Task RestoreAsync()
    {
        var (id, name) = (version!.Id, $"{version.Model} {version.Number}");
        if (await DoAsync(caller => Commands.RestoreAsync(caller, id)))
        {
            Toasts.Done($"{name} is back in choices.", () => DoAsync(caller => Commands.ArchiveAsync(caller, id)));
        }
    }

    private async Task DeleteAsync()
    {
        var (id, name) = (version!.Id, DeletionCommands.NameOf(version.Model, version.Number));
        var answer = await Confirm.AskAsync(new(
            $"Delete {name}?",
            $"It is taken out of all lists. For {Format.Duration(Deletion.FinalAfter)} it can be restored; then its bytes go for good, and its number is never given out again.",
            "Delete",
            Danger: true,
            TypeToConfirm: name));
        if (answer.Confirmed && await DoAsync(caller => Deletion.DeleteAsync(caller, id, name)))
        {
            Toasts.Done($"{name} is deleted.", () => DoAsync(caller => Deletion.RestoreAsync(caller, id)));
        }
    }

    private async Task UndeleteAsync()
    {
        var (id, name) = (version!.Id, DeletionCommands.NameOf(version.Model, version.Number));
        if (await DoAsync(caller => Deletion.RestoreAsync(caller, id)))
        {
            Toasts.Done($"{name} is restored. Its bytes are being read back to make sure that they are all there.");
        }
    }

    private async Task VerifyAsync() => await DoAsync(caller => Integrity.RequestAsync(caller, version!.Id));

    private async Task CancelVerifyAsync() => await DoAsync(caller => Integrity.CancelAsync(caller, version!.Id));
}
