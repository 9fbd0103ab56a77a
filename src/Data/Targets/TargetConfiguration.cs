using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ops.Data.Targets;

internal sealed class TargetConfiguration : IEntityTypeConfiguration<Target>
{
    public void Configure(EntityTypeBuilder<Target> builder)
    {
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.Property(t => t.Revision).IsConcurrencyToken();
        builder.Property(t => t.Name).HasMaxLength(Names.MaxLength);
        builder.HasIndex(t => t.Name).IsUnique();
    }
}
