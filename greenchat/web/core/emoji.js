// Emoji by the names that chats have in common. The first name of each is shown.

const NAMES = `
👍 +1 thumbsup|👎 -1 thumbsdown|❤️ heart love|😄 smile|😂 joy laugh|🤣 rofl|😁 grin|😉 wink|😢 cry sad|😭 sob|🤔 thinking|🎉 tada
🚀 rocket|🔥 fire|👀 eyes|👋 wave hello|👏 clap|🙏 pray thanks|👌 ok_hand|💪 muscle|💯 100|🐛 bug|⚠️ warning|✅ check done yes|❌ x no
❓ question|💡 bulb idea|☕ coffee|🍵 tea|🍺 beer|🍕 pizza|🍰 cake|🎂 birthday|☀️ sun|🤷 shrug|🤦 facepalm|😱 scream|😎 sunglasses cool
😴 sleeping|🥳 party|😀 grinning|😃 smiley|😆 laughing|😅 sweat_smile|🙂 slight_smile|🙃 upside_down|😊 blush|😇 innocent angel
🥰 in_love|😍 heart_eyes|🤩 star_struck|😘 kissing_heart|😋 yum|😛 tongue|😜 crazy_wink|🤪 zany|🤗 hug hugs|🤭 oops|🤫 shush quiet
🤐 zipper_mouth|🤨 raised_eyebrow|😐 neutral|😑 expressionless|😶 no_mouth|😏 smirk|😒 unamused|🙄 eyeroll|😬 grimace|😌 relieved
😔 pensive|😪 sleepy|🤤 drooling|😷 mask|🤒 thermometer_face|🤕 bandage|🤢 nauseated|🤮 vomit|🤧 sneeze|🥵 hot|🥶 cold|🥴 woozy
😵 dizzy|🤯 exploding_head mind_blown|🤠 cowboy|🥸 disguised|🤓 nerd|🧐 monocle|😕 confused|😟 worried|🙁 frown|😮 open_mouth wow
😲 astonished|😳 flushed|🥺 pleading|😦 frowning|😨 fearful|😰 anxious|😥 disappointed_relieved|😖 confounded|😣 persevere
😞 disappointed|😓 sweat|😩 weary|😫 tired|🥱 yawn|😤 triumph|😡 rage angry|😠 mad|🤬 cursing|😈 imp devil|💀 skull|💩 poop|🤡 clown
👻 ghost|👽 alien|🤖 robot bot|😺 cat_smile|🙈 see_no_evil|🙉 hear_no_evil|🙊 speak_no_evil|💋 kiss|💌 love_letter|💘 cupid
💔 broken_heart|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|🤍 white_heart
💥 boom|💫 dizzy_star|💦 splash|💨 dash|💬 speech|💭 thought|💤 zzz|✋ hand stop|🖖 vulcan|✌️ victory peace|🤞 fingers_crossed
🤟 love_you|🤘 metal horns|🤙 call_me|👈 left|👉 right|👆 up|👇 down|☝️ point_up|✊ fist|👊 punch|🙌 raised_hands hooray|👐 open_hands
🤝 handshake deal|✍️ writing|💅 nails|🧠 brain|👶 baby|🧑 person|👩 woman|👨 man|🧓 older|🙋 raising_hand me|🙇 bow|🕵️ detective
👷 builder|🧙 mage wizard|🧛 vampire|🧟 zombie|🏃 running|💃 dancer|🧗 climbing|🚴 cycling|👪 family|🐶 dog|🐱 cat|🐭 mouse|🐹 hamster
🐰 rabbit bunny|🦊 fox|🐻 bear|🐼 panda|🐨 koala|🐯 tiger|🦁 lion|🐮 cow|🐷 pig|🐸 frog|🐵 monkey|🐔 chicken|🐧 penguin|🐦 bird|🦆 duck
🦉 owl|🐺 wolf|🐴 horse|🦄 unicorn|🐝 bee|🦋 butterfly|🐌 snail|🐞 ladybug|🐜 ant|🕷️ spider|🐢 turtle|🐍 snake|🐙 octopus|🦀 crab
🐟 fish|🐬 dolphin|🐳 whale|🦈 shark|🐘 elephant|🦒 giraffe|🦔 hedgehog|🌵 cactus|🎄 christmas_tree|🌲 tree|🌴 palm|🌱 seedling
🍀 clover luck|🍁 maple|🍄 mushroom|💐 bouquet|🌹 rose|🌻 sunflower|🌸 blossom|🌍 earth world|🌙 moon|⭐ star|🌟 glowing_star|✨ sparkles
⚡ zap lightning|☁️ cloud|🌧️ rain|❄️ snow snowflake|⛄ snowman|🌈 rainbow|🌊 ocean|💧 droplet|🍏 green_apple|🍎 apple|🍐 pear|🍊 orange
🍋 lemon|🍌 banana|🍉 watermelon|🍇 grapes|🍓 strawberry|🫐 blueberries|🍒 cherries|🍑 peach|🥭 mango|🍍 pineapple|🥥 coconut|🥝 kiwi
🍅 tomato|🥑 avocado|🥦 broccoli|🌶️ pepper spicy|🌽 corn|🥕 carrot|🥔 potato|🍞 bread|🥐 croissant|🧀 cheese|🥚 egg|🍳 cooking|🥞 pancakes
🥓 bacon|🍔 burger|🍟 fries|🌭 hotdog|🥪 sandwich|🌮 taco|🥗 salad|🍝 pasta|🍜 noodles|🍣 sushi|🍚 rice|🍦 icecream|🍩 donut|🍪 cookie
🍫 chocolate|🍬 candy|🍿 popcorn|🥛 milk|🍷 wine|🍸 cocktail|🍻 beers cheers|🥂 champagne|🥤 cup|🍴 fork_knife lunch|⚽ soccer football
🏀 basketball|🎾 tennis|🏆 trophy|🥇 gold first|🥈 silver|🥉 bronze|🎯 dart target|🎮 game|🎲 dice|🧩 puzzle|♟️ chess|🎨 art|🎬 movie
🎤 mic karaoke|🎧 headphones|🎵 music note|🎸 guitar|🎹 piano|🥁 drum|🚗 car|🚌 bus|🚲 bike|✈️ plane|🚂 train|🚢 ship|🚁 helicopter|🏠 house home
🏢 office|🏥 hospital|🏫 school|⛺ tent|🏖️ beach|⛰️ mountain|🗺️ map|⌚ watch|📱 phone|💻 computer laptop|⌨️ keyboard|🖨️ printer|💾 floppy save
📷 camera|📺 tv|📻 radio|⏰ alarm|⏳ hourglass|🔋 battery|🔌 plug|🔦 flashlight|🕯️ candle|💸 money|💰 moneybag|💎 gem|🔧 wrench fix|🔨 hammer
⚙️ gear settings|🧰 toolbox|🧲 magnet|🔬 microscope|🔭 telescope|💊 pill|🧪 test_tube|🧹 broom|🛒 cart|🎁 gift|🎈 balloon|📦 package
📧 email|📝 memo|📅 calendar|📈 chart_up|📉 chart_down|📌 pin|📎 paperclip|✂️ scissors|🔒 lock|🔓 unlock|🔑 key|🔍 search mag|📖 book
🔗 link|🏷️ label|📣 megaphone|🔔 bell|🔕 no_bell|♻️ recycle|➕ plus|➖ minus|✔️ tick|❗ exclamation|⛔ no_entry|🚫 prohibited|🚧 construction wip
🆗 ok|🆕 new|🔴 red_circle|🟠 orange_circle|🟡 yellow_circle|🟢 green_circle|🔵 blue_circle|🟣 purple_circle|⚫ black_circle|⚪ white_circle
🏁 finish|🚩 flag|🏴‍☠️ pirate|🏳️‍🌈 pride`;

export const EMOJI = NAMES.trim()
  .split(/[|\n]/)
  .map((row) => row.split(" "))
  .map(([sign, ...names]) => ({ sign, names }));

/** The most frequent reactions. */
export const QUICK = ["👍", "❤️", "😂", "🎉", "👀", "✅"];

/** Return emoji whose name begins so, then those that contain it; the shortest names first. */
export function named(beginning, most = 8) {
  const wanted = beginning.toLowerCase();
  const matches = [];
  for (const { sign, names } of EMOJI) {
    const begins = names.find((name) => name.startsWith(wanted));
    const inside = begins ?? names.find((name) => name.includes(wanted));
    if (inside) matches.push({ sign, name: inside, rank: (begins ? 0 : 100) + inside.length });
  }
  return matches.sort((a, b) => a.rank - b.rank).slice(0, most);
}

/** Replace :name: with its emoji if there is one. */
export function replaced(text) {
  return text.replace(
    /:([a-z0-9_+-]+):/gi,
    (whole, name) => EMOJI.find(({ names }) => names.includes(name.toLowerCase()))?.sign ?? whole,
  );
}
