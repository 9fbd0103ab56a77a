using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class OrdersOfModelsByFormat : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "IX_Models_LatestFormat_LatestVersion_Id",
                table: "Models",
                columns: new[] { "LatestFormat", "LatestVersion", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Models_LatestFormat_UpdatedAt_Id",
                table: "Models",
                columns: new[] { "LatestFormat", "UpdatedAt", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Models_LatestFormat_LatestVersion_Id",
                table: "Models");

            migrationBuilder.DropIndex(
                name: "IX_Models_LatestFormat_UpdatedAt_Id",
                table: "Models");
        }
    }
}
