using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ops.Data.Audit;

internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.Property(e => e.Id).ValueGeneratedNever();
        builder.Property(e => e.Action).HasMaxLength(64);
        builder.Property(e => e.SubjectKind).HasMaxLength(64);
        builder.Property(e => e.SubjectId).HasMaxLength(128);
        builder.HasIndex(e => new { e.Action, e.Id });
        builder.HasIndex(e => new { e.SubjectKind, e.SubjectId, e.Id });
        builder.HasIndex(e => new { e.PersonId, e.Id });
    }
}
