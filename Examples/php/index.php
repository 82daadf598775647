<?php
// A form that writes a row and enqueues a job in the same transaction, with PDO only.
//   php -S 127.0.0.1:8000 -t Examples/php
declare(strict_types=1);
require __DIR__ . '/signup.php';

$name = trim((string) ($_POST['name'] ?? ''));
$email = trim((string) ($_POST['email'] ?? ''));
$message = '';
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $database = connect();
    create_table($database);
    try {
        $message = 'Welcome! Your letter is job ' . sign_up($database, $name, $email) . '.';
    } catch (PDOException $error) {
        // 23505: this e-mail signed up before. 23514: the name is empty.
        if (!in_array($error->getCode(), ['23505', '23514'], true)) {
            throw $error;
        }
        http_response_code(422);
        $message = $error->getCode() === '23505' ? 'You are signed up already.' : 'A name is needed.';
    }
}
$text = fn (string $value): string => htmlspecialchars($value, ENT_QUOTES | ENT_SUBSTITUTE);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign up</title>
<h1>Sign up</h1>
<p role="status"><?= $text($message) ?></p>
<form method="post">
  <label>Name <input name="name" value="<?= $text($name) ?>" required></label>
  <label>E-mail <input name="email" type="email" value="<?= $text($email) ?>" required></label>
  <button>Sign up</button>
</form>
</html>
