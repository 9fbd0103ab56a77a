using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Live;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

public sealed partial class VerifyPanel
{
    private VerifyProgress? progress;

    /// <summary>The version.</summary>
    [Parameter, EditorRequired]
    public Guid VersionId { get; set; }

    /// <summary>What it is now.</summary>
    [Parameter, EditorRequired]
    public VersionState Is { get; set; }

    /// <summary>When it was last read back.</summary>
    [Parameter, EditorRequired]
    public DateTimeOffset? LastVerifiedAt { get; set; }

    /// <summary>When somebody asked to have it verified.</summary>
    [Parameter, EditorRequired]
    public DateTimeOffset? RequestedAt { get; set; }

    /// <summary>Whether a command of the page runs.</summary>
    [Parameter]
    public bool Busy { get; set; }

    /// <summary>Asks for it.</summary>
    [Parameter]
    public EventCallback OnVerify { get; set; }

    /// <summary>Gives it up.</summary>
    [Parameter]
    public EventCallback OnCancel { get; set; }

    /// <summary>A verification has ended: the page reads the version again.</summary>
    [Parameter]
    public EventCallback OnEnded { get; set; }

    [Inject]
    internal IntegrityBoard Board { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => Watch(Board.Progress, ApplyAsync);

    private async Task ApplyAsync(FeedBatch<VerifyProgress> batch)
    {
        var was = progress;
        if (batch.IsSnapshot || batch.Removed.Contains(VersionId.ToString()))
        {
            progress = null;
        }

        progress = batch.Items.FirstOrDefault(p => p.VersionId == VersionId) ?? progress;
        if (batch.Removed.Contains(VersionId.ToString()) || (was is not null && progress is null))
        {
            await OnEnded.InvokeAsync();
        }
        else if (was != progress)
        {
            StateHasChanged();
        }
    }
}
